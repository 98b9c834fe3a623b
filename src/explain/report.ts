// The answer of `tunicorn explain` in words, for people, and as JSON, for programs.

import { CATALOGUE } from '../settings/catalogue.ts';
import { valueInWords } from '../settings/describe/words.ts';
import { type Explanation, type OwnAnswer, PARTS, type Part, type Rule } from './explanation.ts';

const TITLES: { readonly [P in Part]: string } = {
  trust: 'Whose request it is',
  clients: 'Limits of its client',
  limits: 'Limits of a request',
  deadlines: 'Deadlines',
};

export function reportJson(explanation: Explanation): string {
  return `${JSON.stringify(explanation, null, 2)}\n`;
}

export function reportText(explanation: Explanation): string {
  const { request, client, answer, rules } = explanation;
  const { name, type } = request.app;
  const kind = type === 'node' ? 'Node.js' : 'WSGI';
  const from = request.from === '' ? 'a client of a unix socket' : request.from;
  const lines = [
    `${request.method} ${request.target} from ${from}`,
    `  client: ${client.address === '' ? 'without an address' : client.address}, ${client.scheme}`,
  ];
  if (client.scriptName !== null) lines.push(`  mounted at: ${client.scriptName}`);
  const by = name === null ? `a ${kind} application (none is named)` : `${name} (${kind})`;
  lines.push(`  answered by: ${answer === null ? by : answerWords(answer)}`);
  for (const part of PARTS) {
    const own = rules.filter((rule) => rule.part === part);
    if (own.length > 0) lines.push('', TITLES[part], ...own.flatMap(ruleLines));
  }
  return `${lines.join('\n')}\n`;
}

function answerWords({ status, code, detail }: OwnAnswer): string {
  const words = status === null ? `nobody: ${detail}` : `the server, ${status}: ${detail}`;
  return code === '' ? words : `${words} (${code})`;
}

function ruleLines({ setting, value, set, says }: Rule): readonly string[] {
  const words = valueInWords(CATALOGUE[setting], value);
  return [`  ${setting} = ${words}  # ${set}`, `      ${says}`];
}
