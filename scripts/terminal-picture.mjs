// A command's screen as a picture: it is run in a pseudo-terminal, what it draws is understood by xterm.js as a terminal in a browser
// would, and each run of letters that look the same becomes a text of an SVG. Small, sharp at any size, and its text can be read.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import xterm from '@xterm/headless';
import { root } from './run-step.mjs';

const COLUMNS = 100;
const ROWS = 30;
const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;
const FONT_SIZE = 14;
/** Ink and paper, and the eight colours that a command chooses from, each with its bright twin. */
const INK = '#d8dee9';
const PAPER = '#1c2026';
const PALETTE = [
  ...['#3b4252', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d8dee9'],
  ...['#7a8394', '#ff8a93', '#b5e890', '#ffd98a', '#8ccbff', '#e4a0f7', '#7fdbe6', '#ffffff'],
];
/** Of the 256 colours those behind the sixteen are a cube of six by six by six, and greys. */
const CUBE = [0, 95, 135, 175, 215, 255];

/**
 * @param {readonly string[]} command is ended by q
 * @param {{ path: string, title: string, afterMs: number }} picture the SVG, what it shows, and how long it is drawn before
 */
export async function takeTerminal(command, { path, title, afterMs }) {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  const helper = [`${root}test/support/pseudo-terminal.py`, String(ROWS), String(COLUMNS)];
  const child = spawn('/usr/bin/python3', [...helper, ...command], {
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' },
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.stdio[3].resume();
  child.stdout.on('data', (bytes) => terminal.write(bytes));
  await sleep(afterMs);
  await new Promise((resolve) => terminal.write('', resolve));
  writeFileSync(path, svgOf(terminal, title));
  child.stdin.end('q');
  await ended;
}

function svgOf(terminal, title) {
  const width = COLUMNS * CELL.width + 2 * MARGIN;
  const height = ROWS * CELL.height + 2 * MARGIN;
  const lines = Array.from({ length: ROWS }, (_, row) => lineOf(terminal.buffer.active, row));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${FONT_SIZE}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>`,
    ...lines.flat(),
    '</svg>\n',
  ].join('\n');
}

/** Its letters in runs that look the same. */
function lineOf(buffer, row) {
  const line = buffer.getLine(buffer.viewportY + row);
  const runs = [];
  for (let column = 0; column < COLUMNS; column++) {
    const cell = line.getCell(column);
    const look = lookOf(cell);
    const letter = cell.getChars() || ' ';
    const last = runs.at(-1);
    if (last !== undefined && sameLook(last.look, look)) last.text += letter;
    else runs.push({ column, look, text: letter });
  }
  return runs.flatMap((run) => shapesOf(run, row));
}

function lookOf(cell) {
  const ink = colorOf(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor(), INK);
  const paper = colorOf(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor(), PAPER);
  const isInverse = cell.isInverse() !== 0;
  return {
    ink: isInverse ? paper : ink,
    paper: isInverse ? ink : paper,
    isBold: cell.isBold() !== 0,
    isDim: cell.isDim() !== 0,
  };
}

function sameLook(one, other) {
  return Object.keys(one).every((key) => one[key] === other[key]);
}

function colorOf(isDefault, isRgb, color, ifDefault) {
  if (isDefault) return ifDefault;
  if (isRgb) return `#${color.toString(16).padStart(6, '0')}`;
  if (color < PALETTE.length) return PALETTE[color];
  const rest = color - PALETTE.length;
  if (rest >= 216) return hex(Array.from({ length: 3 }, () => 8 + 10 * (rest - 216)));
  return hex([36, 6, 1].map((step) => CUBE[Math.floor(rest / step) % 6]));
}

function hex(parts) {
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function shapesOf({ column, look, text }, row) {
  const x = MARGIN + column * CELL.width;
  const y = MARGIN + row * CELL.height;
  const width = round(text.length * CELL.width);
  const shapes = [];
  if (look.paper !== PAPER) {
    shapes.push(
      `<rect x="${round(x)}" y="${y}" width="${width}" height="${CELL.height}" fill="${look.paper}"/>`,
    );
  }
  const begin = text.length - text.trimStart().length;
  const letters = text.trim();
  if (letters === '') return shapes;
  // Whatever font is there, the letters stand in their columns.
  const place = `x="${round(x + begin * CELL.width)}" y="${y + CELL.height - 5}" textLength="${round(letters.length * CELL.width)}"`;
  const manner = `${look.isBold ? ' font-weight="bold"' : ''}${look.isDim ? ' opacity="0.6"' : ''}`;
  shapes.push(
    `<text ${place} fill="${look.ink}"${manner} xml:space="preserve">${escaped(letters)}</text>`,
  );
  return shapes;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
