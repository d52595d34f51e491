/**
 * The saved views of a table: a menu that opens them, and keeps what is seen under a name.
 *
 *     html`<${Views} definition=${definition} query=${query} columns=${columns} onOpen=${(params, columns, { replace }) => ...} />`
 *
 * `query` is the page's own, whose parameter `_view` names the view in it; `columns` are the person's choice of all
 * columns. onOpen gets the parameters to show, and the view's columns (null: as they are). model.js: the service's views.
 */
import "../texts/en/views.js";
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { definesTables } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, CheckBox, Dialog, Field, Menu, ProblemBox, TextInput, confirm, toast, useLoaded } from "../kit/index.js";
import { VIEW, changeView, createView, defaultOf, deleteView, isChanged, loadViews, maySave, mayWrite, parametersOf, queryOf } from "./model.js";

export { VIEW } from "./model.js";

/**
 * @param {Object} props
 * @param {import("../core/state.js").Definition} props.definition
 * @param {URLSearchParams} props.query
 * @param {import("./model.js").ViewColumn[]} props.columns
 * @param {(params: URLSearchParams, columns: import("./model.js").ViewColumn[] | null, options: { replace: boolean }) => void} props.onOpen
 */
export function Views({ definition, query, columns, onOpen }) {
  const table = definition.id;
  const { value: views, problem, reload } = useLoaded(`${table}/${definition.version}`, (/** @type {AbortSignal} */ signal) => loadViews(table, signal));
  const [asked, setAsked] = useState(/** @type {{ kind: "save" | "rename", view?: import("./model.js").View } | null} */ (null));
  const first = useRef(true);
  const name = query.get(VIEW);
  const key = (/** @type {string} */ text) => text.toLowerCase();
  const current = name ? (views?.find((each) => key(each.name) === key(name)) ?? null) : null;
  useEffect(() => {
    if (!views || !first.current) return;
    first.current = false;
    const found = [...query.keys()].length ? null : defaultOf(views);
    if (found) onOpen(parametersOf(found), found.columns.length ? found.columns : null, { replace: true });
    else if (current && queryOf(query) === "" && current.query) onOpen(parametersOf(current), current.columns.length ? current.columns : null, { replace: true });
  }, [views]);
  const hasChanged = current !== null && isChanged(current, query, columns);
  const kept = () => ({ query: queryOf(query), columns: columns.map(({ field, width, hidden, frozen }) => ({ field, width: width === null ? null : Math.round(width), hidden, frozen })) });
  /** Do something with the service; what it refuses is told. @param {() => Promise<any>} what @param {string} said */
  const run = async (what, said) => {
    try {
      const done = await what();
      toast(said, { kind: "ok" });
      reload();
      return done;
    } catch (refusal) {
      toast(/** @type {any} */ (refusal).detail ?? String(refusal), { kind: "danger" });
      reload();
      return null;
    }
  };
  /** @param {import("./model.js").View} view */
  const open = (view) => onOpen(parametersOf(view), view.columns.length ? view.columns : null, { replace: false });
  /** @param {import("./model.js").View} view */
  const rename = (view) => onOpen(new URLSearchParams([...[...query].filter(([each]) => each !== VIEW), [VIEW, view.name]]), null, { replace: true });
  /** @param {import("./model.js").View} view */
  const remove = async (view) => {
    if (!(await confirm({ title: t("views.delete_title", { name: view.name }), text: t(view.shared ? "views.delete_shared" : "views.delete_own"), action: t("views.delete"), danger: true }))) return;
    if (await run(() => deleteView(table, view), t("views.deleted", { name: view.name }))) onOpen(new URLSearchParams([[VIEW, ""]]), null, { replace: true });
  };
  const change = (/** @type {any} */ what) => current && run(() => changeView(table, current, what), t("views.saved", { name: current.name }));
  const own = (views ?? []).filter((each) => !each.shared), shared = (views ?? []).filter((each) => each.shared);
  /** @param {import("./model.js").View} view */
  const item = (view) => ({
    label: view.default ? t("views.default_of", { name: view.name }) : view.name, checked: view === current, onSelect: () => open(view), icon: view.problem ? "alert" : undefined,
  });
  const items = [
    { label: t("views.all"), checked: !current, onSelect: () => onOpen(new URLSearchParams([[VIEW, ""]]), null, { replace: false }) },
    ...(own.length ? [{ head: t("views.own") }, ...own.map(item)] : []),
    ...(shared.length ? [{ head: t("views.shared") }, ...shared.map(item)] : []),
    maySave() && { separator: true },
    current && hasChanged && mayWrite(current) && { label: t("views.save"), icon: "save", onSelect: () => change(kept()) },
    current && hasChanged && { label: t("views.undo"), icon: "undo", onSelect: () => open(current) },
    maySave() && { label: t("views.save_as"), icon: "add", onSelect: () => setAsked({ kind: "save" }) },
    current && mayWrite(current) && { label: t("views.rename"), icon: "edit", onSelect: () => setAsked({ kind: "rename", view: current }) },
    current && mayWrite(current) && definesTables() && { label: t(current.shared ? "views.unshare" : "views.share"), icon: "users", onSelect: () => change({ shared: !current.shared }) },
    current && mayWrite(current) && { label: t(current.default ? "views.default_no" : "views.default"), icon: "pin", onSelect: () => change({ default: !current.default }) },
    current && mayWrite(current) && { label: t("views.delete"), icon: "trash", danger: true, onSelect: () => remove(current) },
  ];
  if (problem) return html`<${Button} kind="quiet" icon="alert" title=${problem.detail} onClick=${reload}>${t("views.views")}</${Button}>`;
  return html`<span class="views"><${Menu} kind="quiet" icon="star" label=${t("views.views")} items=${items}>
      <span class="cut">${current ? current.name : t("views.views")}</span>${hasChanged && html`<span class="views-changed" title=${t("views.changed")}><span class="unseen">${t("views.changed")}</span></span>`}</${Menu}>
    ${asked && html`<${Named} view=${asked.view} onClose=${() => setAsked(null)} onDone=${async (/** @type {string} */ text, /** @type {boolean} */ isShared) => {
      const done = asked.view
        ? await changeView(table, asked.view, { name: text })
        : await createView(table, { name: text, shared: isShared, ...kept() });
      setAsked(null);
      toast(t("views.saved", { name: done.name }), { kind: "ok" });
      reload();
      rename(done);
    }} />`}</span>`;
}

/** @param {{ view?: import("./model.js").View, onClose: () => void, onDone: (name: string, shared: boolean) => Promise<void> }} props */
function Named({ view, onClose, onDone }) {
  const [name, setName] = useState(view?.name ?? ""), [shared, setShared] = useState(false), [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const save = async () => {
    setBusy(true);
    try {
      await onDone(name.trim(), shared);
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t(view ? "views.rename_title" : "views.save_title")} onClose=${onClose} onSubmit=${save} footer=${html`
      <${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}><${Button} kind="primary" type="submit" busy=${busy} disabled=${!name.trim()}>${t(view ? "views.rename_do" : "views.save_do")}</${Button}>`}>
    <${Field} label=${t("views.name")} required><${TextInput} value=${name} onInput=${setName} maxlength="63" autofocus /></${Field}>
    ${!view && definesTables() && html`<${CheckBox} checked=${shared} onChange=${setShared} label=${t("views.share_new")} help=${t("views.share_help")} />`}
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}
