// The head of the page: whose server this is, how the line to it is, dark or light; and what is said when the line is lost or a token is
// wanted. What is shown stays, greyed, with its age: old numbers may be what somebody looks for.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { duration } from '../durations.ts';
import type { LiveServer } from '../wire/live.ts';
import { monotonicMs } from './clock.ts';
import type { Line } from './feed/feed.ts';
import { setTheme, type Theme, theme } from './inks.ts';

interface Terms {
  readonly server: LiveServer | null;
  readonly line: Line;
}

export function HeaderPart({ server, line }: Terms): JSX.Element {
  return (
    <header class="head">
      <Sign />
      <div class="name">
        <h1>{server?.name ?? 'Tunicorn'}</h1>
        {server === null ? null : (
          <p>
            {server.listening.join(', ')} · up {duration(server.uptimeSeconds * 1000)}
          </p>
        )}
      </div>
      {server === null ? null : <span class="phase">{server.phase}</span>}
      <LineLamp line={line} />
      <ThemeSwitch />
    </header>
  );
}

/** Three waits, the last of which is nearly over. */
function Sign(): JSX.Element {
  return (
    <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M3 21 21 3" />
      <circle cx="5.5" cy="18.5" r="3" />
      <circle cx="12" cy="12" r="3" />
      <circle class="late" cx="18.5" cy="5.5" r="3" />
    </svg>
  );
}

const LAMPS: Readonly<Record<Line['state'], string>> = {
  connecting: 'connecting',
  live: 'live',
  waiting: 'not connected',
  locked: 'locked',
};

function LineLamp({ line }: { line: Line }): JSX.Element {
  return (
    <span class={`line is-${line.state}`} data-line={line.state}>
      <i class="lamp" aria-hidden="true" />
      {LAMPS[line.state]}
    </span>
  );
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

function ThemeSwitch(): JSX.Element {
  const [chosen, setChosen] = useState(theme());
  const choose = (wanted: Theme): void => {
    setTheme(wanted);
    setChosen(wanted);
  };
  return (
    <fieldset class="themes">
      <legend class="unseen">Colours</legend>
      {THEMES.map((one) => (
        <label key={one} title={`${one} colours`}>
          <input
            type="radio"
            name="theme"
            class="unseen"
            checked={chosen === one}
            onChange={() => choose(one)}
          />
          <span>{one === 'system' ? 'auto' : one}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface BannerTerms {
  readonly line: Line;
  readonly tryNow: () => void;
}

/** Says plainly that the page is not live, since when, and when it tries again. */
export function Banner({ line, tryNow }: BannerTerms): JSX.Element | null {
  useTicks(line.state === 'waiting');
  if (line.state !== 'waiting' && line.state !== 'connecting') return null;
  if (line.state === 'connecting' && line.heardAtMs === null) return null;
  const nowMs = monotonicMs();
  const age = line.heardAtMs === null ? null : duration(nowMs - line.heardAtMs);
  const again = line.againAtMs === null ? null : duration(Math.max(0, line.againAtMs - nowMs));
  return (
    <aside class="banner" aria-label="No connection">
      <p>
        <b>Not connected.</b> {age === null ? '' : `What is shown is ${age} old. `}
        {again === null ? 'Trying …' : `Trying again in ${again}.`}
        {line.why === null ? null : <small> {line.why}</small>}
      </p>
      <button type="button" class="more" onClick={tryNow} disabled={line.state === 'connecting'}>
        Try now
      </button>
    </aside>
  );
}

/** Draws once a second while that is so: ages go on without a message. */
function useTicks(isWanted: boolean): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    if (!isWanted) return undefined;
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(timer);
  }, [isWanted]);
}

interface PromptTerms {
  readonly wasRefused: boolean;
  readonly unlock: (token: string) => void;
}

export function TokenPrompt({ wasRefused, unlock }: PromptTerms): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const place = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    place.current?.showModal();
    field.current?.focus();
  }, []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const token = field.current?.value.trim() ?? '';
    if (token !== '') unlock(token);
  };
  return (
    <dialog
      ref={place}
      class="prompt"
      aria-labelledby="token-title"
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        // A browser lets a page prevent the cancelling once; whoever presses twice would have no prompt any more.
        if (event.key === 'Escape') event.preventDefault();
      }}
    >
      <form onSubmit={submit}>
        <h2 id="token-title">This server wants a token</h2>
        <p>
          It is what <code>status_token</code> or <code>TUNICORN_STATUS_TOKEN</code> was set to. It
          is kept until this tab is closed.
        </p>
        <label for="token">Token</label>
        <input id="token" ref={field} type="password" autocomplete="off" required />
        {wasRefused ? (
          <p class="is-harm" role="alert">
            That was not the token of this server.
          </p>
        ) : null}
        <button type="submit">Look</button>
      </form>
    </dialog>
  );
}
