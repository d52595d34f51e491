/** A file to begin with, for whoever has none at hand. */

const ROWS = `Mountain,Range,Height (m),First ascent
Everest,Himalaya,8849,1953-05-29
K2,Karakoram,8611,1954-07-31
Kangchenjunga,Himalaya,8586,1955-05-25
Lhotse,Himalaya,8516,1956-05-18
Makalu,Himalaya,8485,1955-05-15
Cho Oyu,Himalaya,8188,1954-10-19
Dhaulagiri I,Himalaya,8167,1960-05-13
Manaslu,Himalaya,8163,1956-05-09
Nanga Parbat,Himalaya,8126,1953-07-03
Annapurna I,Himalaya,8091,1950-06-03
Gasherbrum I,Karakoram,8080,1958-07-05
Broad Peak,Karakoram,8051,1957-06-09
Gasherbrum II,Karakoram,8034,1956-07-07
Shishapangma,Himalaya,8027,1964-05-02
`;

export const sample = () => new File([ROWS], "Eight-thousanders.csv", { type: "text/csv" });
