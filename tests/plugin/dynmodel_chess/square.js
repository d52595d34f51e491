/** How the page shows and edits squares of a chess board. */
export default ({ html, editors }) => {
  const Cell = ({ value }) => html`<span>♟ ${value}</span>`;

  function Editor(props) {
    const { value, field, onChange } = props;
    const letters = [..."abcdefghi"].slice(0, field.size);
    const squares = letters.flatMap((letter) => letters.map((_, rank) => `${letter}${rank + 1}`));
    return html`<select ...${editors.attributes(props)} class="input" onKeyDown=${editors.keys(props)}
        onChange=${(event) => onChange(event.target.value || null)}>
      <option value=""></option>
      ${squares.map((square) => html`<option value=${square} selected=${square === value}>${square}</option>`)}
    </select>`;
  }

  return { Cell, Editor, width: 90 };
};
