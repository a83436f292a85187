// The texts of the page, in the person's language. A text is found by its key; `{name}` in it is a value, and
// a key that ends in the plural category (".one", ".few", …) is chosen by its count.

export const LANGUAGES = { en: "English", ru: "Русский", uz: "Oʻzbekcha" };
const SLOT = "mediagate.language";

let texts = {};
let language = "en";
let place;
const redraws = [];

export const locale = () => language;

/** Load the language that was chosen here, or the first of the browser's that we speak. `from`: where the texts are. */
export async function begin(from = new URL("../words/", import.meta.url)) {
  place = from;
  await load(
    chosen() ?? navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES) ?? "en",
  );
}

/** Speak another language from now on; everything that was drawn with `follow` is drawn again. */
export async function change(to) {
  await load(to);
  try {
    localStorage.setItem(SLOT, to);
  } catch {
    // Blocked storage: the choice holds as long as the page.
  }
  for (const draw of redraws) draw();
}

/** Draw now, and again when the language changes. */
export function follow(draw) {
  redraws.push(draw);
  draw();
}

/** The text of a key, with its values put in. */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether there is a text of this name. */
export const knows = (key) => key in texts;

/** The text of a key for a count, which is `{count}` in it. */
export function plural(key, count, values = {}) {
  const category = new Intl.PluralRules(language).select(count);
  const form = `${key}.${category}` in texts ? category : "other";
  return t(`${key}.${form}`, { count: new Intl.NumberFormat(language).format(count), ...values });
}

async function load(wanted) {
  const response = await fetch(new URL(`${wanted}.json`, place));
  texts = await response.json();
  language = wanted;
  document.documentElement.lang = wanted;
}

function chosen() {
  try {
    const found = localStorage.getItem(SLOT);
    return found in LANGUAGES ? found : null;
  } catch {
    return null;
  }
}
