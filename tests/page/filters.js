// Mounts the bar of filters and the menu of views in a page, with the query in a signal: window.seen.
async ([table, text]) => {
  const base = document.querySelector('script[type="module"]').src.replace(/js\/main\.js$/, "");
  const [{ html, render, signal }, state, filters, { Views }] = await Promise.all(
    ["vendor/preact.js", "js/core/state.js", "js/filters/index.js", "js/views/index.js"].map((path) => import(base + path)),
  );
  await state.loadFieldTypes();
  const definition = await state.loadTable(table);
  const seen = (window.seen = { query: signal(new URLSearchParams(text)), columns: signal([{ field: "name", width: 120, hidden: false, frozen: false }]) });
  const change = (query) => (seen.query.value = query);
  function Tools() {
    const props = { definition, query: seen.query.value, onChange: change };
    return html`<div class="stack" id="tools"><div class="row"><${filters.FilterBar} ...${props} />
      <${Views} definition=${definition} query=${seen.query.value} columns=${seen.columns.value}
        onOpen=${(query, columns) => { change(query); if (columns) seen.columns.value = columns; }} /></div>
      <${filters.FilterChips} ...${props} /><code id="text">${filters.textOf(seen.query.value)}</code></div>`;
  }
  const place = document.createElement("div");
  document.querySelector("main").append(place);
  render(html`<${Tools} />`, place);
  window.trip = (text) => filters.textOf(filters.printFilter(filters.parseFilter(new URLSearchParams(text))));
}
