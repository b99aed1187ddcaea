// Elements. Text is always set as text; only Markdown that hetl rendered becomes HTML, in `markdown`.

const SVG_SPACE = 'http://www.w3.org/2000/svg';

/** Sets attributes and handlers (`onclick`), and adds children: elements, texts, lists; null and false are left out. */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

export function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG_SPACE, name), attributes, children);
}

/** HTML that hetl made of Markdown, without raw HTML or unsafe addresses. */
export function markdown(html) {
  const element = h('div', { class: 'markdown' });
  element.innerHTML = html;
  return element;
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

const ICONS = {
  search: 'M10.5 10.5 14 14M12 7a5 5 0 1 1-10 0 5 5 0 0 1 10 0Z',
  menu: 'M2 4h12M2 8h12M2 12h12',
  theme: 'M8 2v12a6 6 0 0 0 0-12ZM14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z',
  close: 'M4 4l8 8M12 4l-8 8',
  right: 'M6 3.5 10.5 8 6 12.5',
  graph: 'M5 4.5h3v7h3M2 3h3v3H2zM11 10h3v3h-3zM8 4.5h3M11 3h3v3h-3z',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  fit: 'M2.5 6v-3.500h3.500M10 2.500h3.500v3.500M13.500 10v3.500h-3.500M6 13.500h-3.500v-3.500',
  link: 'M6.500 9.500l3-3M7 4.500l1.500-1.500a3 3 0 0 1 4.500 4.500L11.500 9M9 11.500l-1.500 1.500a3 3 0 0 1-4.500-4.500L4.500 7',
};

export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, svg('path', { d: ICONS[name] }));
}

/** Tells screen readers something. */
export function announce(text) {
  const place = document.getElementById('announce');
  if (place) place.textContent = text;
}

/** A button that copies a text. */
export function copyButton(text, label) {
  const button = h('button', { class: 'quiet', type: 'button', title: label, 'aria-label': label }, icon('copy'));
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.classList.add('done');
      announce('copied');
      setTimeout(() => button.classList.remove('done'), 1200);
    } catch {
      announce('copying is not allowed here');
    }
  });
  return button;
}
