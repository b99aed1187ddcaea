// SQL and Jinja in colours: a tokenizer, not a parser.

import { h } from './dom.js';

const WORDS = new Set(('select from where group by order having limit offset union all intersect except join left right full outer inner cross lateral on using natural with recursive as and or not in is null between like ilike similar exists case when then else end cast distinct over partition rows range window filter within asc desc nulls first last values insert into update delete set create replace table view materialized temp temporary if drop alter add column primary key foreign references unique check default constraint begin commit rollback true false interval any some array unnest pivot unpivot qualify exclude sample fetch only for returning explain analyze macro endmacro endif elif endfor set endset block endblock call endcall do raw endraw test endtest snapshot endsnapshot materialization endmaterialization docs enddocs').split(' '));

const TOKENS = /(\{#[\s\S]*?#\}|--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*'|\$\$[\s\S]*?\$\$)|(\{\{-?|-?\}\}|\{%-?|-?%\})|("(?:[^"]|"")*")|(\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|([A-Za-z_][\w$]*)(\s*\()?/gi;

/** The text as spans of comments, strings, numbers, words, Jinja. */
export function highlight(code) {
  const parts = document.createDocumentFragment();
  let last = 0;
  const put = (kind, text) => parts.append(kind ? h('span', { class: kind }, text) : text);
  for (const found of code.matchAll(TOKENS)) {
    if (found.index > last) put('', code.slice(last, found.index));
    last = found.index + found[0].length;
    const [all, comment, string, jinja, quoted, number, word, opening] = found;
    if (comment) put('t-comment', all);
    else if (string) put('t-string', all);
    else if (jinja) put('t-jinja', all);
    else if (quoted) put('t-string', all);
    else if (number) put('t-number', all);
    else {
      const kind = WORDS.has(word.toLowerCase()) ? 't-word' : opening ? 't-call' : '';
      put(kind, word);
      if (opening) put('', opening);
    }
  }
  if (last < code.length) put('', code.slice(last));
  return parts;
}

/** Code with the numbers of its lines. */
export function codeBlock(code, label) {
  const text = code.replace(/\s+$/, '');
  const lines = text.split('\n').length;
  const numbers = h('pre', { class: 'numbers', 'aria-hidden': 'true' }, Array.from({ length: lines }, (_, at) => at + 1).join('\n'));
  return h('div', { class: 'code', tabindex: '0', role: 'region', 'aria-label': label }, numbers, h('pre', { class: 'source' }, h('code', {}, text.length > 200000 ? text : highlight(text))));
}
