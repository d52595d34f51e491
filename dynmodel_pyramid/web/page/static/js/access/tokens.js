/** All tokens. */
import { html, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Button } from "../kit/index.js";
import { AccessFrame, forAdmins } from "./frame.js";
import { TokenList } from "./token_list.js";

function TokensPage() {
  const [isMaking, setMaking] = useState(false);
  return html`<${AccessFrame} tab="tokens" actions=${html`<${Button} kind="primary" icon="add" onClick=${() => setMaking(true)}>${t("access.newToken")}</${Button}>`}>
    <${TokenList} isAll isMaking=${isMaking} onMade=${() => setMaking(false)} /></${AccessFrame}>`;
}

export default forAdmins(TokensPage);
