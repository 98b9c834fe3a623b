// The worker processes, and what was counted since the start of the server.

import type { JSX } from 'preact';
import { brief, duration } from '../../durations.ts';
import type { Frame, LiveServer, LiveWorker } from '../../wire/live.ts';
import type { Counts } from '../../wire/tally.ts';
import { bytes, mebibytes, whole } from '../numbers.ts';
import { Scroller } from '../scroller.tsx';

interface Terms {
  readonly server: LiveServer;
  readonly workers: readonly LiveWorker[];
  readonly silent: readonly number[];
}

export function WorkersPart({ server, workers, silent }: Terms): JSX.Element {
  const ready = workers.filter(({ state }) => state === 'ready').length;
  return (
    <section class="part workers" aria-labelledby="workers-title">
      <header>
        <h2 id="workers-title">Workers</h2>
        <p class="aside">
          <b>{whole(ready)}</b> of {whole(server.workersWanted)} ready
        </p>
      </header>
      <Scroller kind="wide" name="Each worker">
        <table>
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">State</th>
              {COLUMNS.map(({ title }) => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <WorkerRow key={worker.pid} worker={worker} isSilent={silent.includes(worker.pid)} />
            ))}
          </tbody>
        </table>
      </Scroller>
    </section>
  );
}

interface Column {
  readonly title: string;
  readonly of: (worker: LiveWorker) => string;
}

const COLUMNS: readonly Column[] = [
  {
    title: 'Served for',
    of: ({ servedSeconds }) => (servedSeconds === null ? '–' : duration(servedSeconds * 1000)),
  },
  { title: 'Answered', of: ({ answered }) => whole(answered) },
  { title: 'Connections', of: ({ connections }) => whole(connections) },
  { title: 'Queued', of: ({ queued }) => whole(queued) },
  { title: 'Threads', of: ({ busyThreads, threads }) => `${busyThreads}/${threads}` },
  { title: 'Memory', of: ({ memoryBytes }) => mebibytes(memoryBytes) },
  { title: 'Loop late by', of: ({ loopDelayMs }) => brief(loopDelayMs) },
];

function WorkerRow({ worker, isSilent }: { worker: LiveWorker; isSilent: boolean }): JSX.Element {
  return (
    <tr>
      <th scope="row">{worker.pid}</th>
      <td>
        {worker.state}
        {isSilent ? <em> silent</em> : null}
      </td>
      {COLUMNS.map(({ title, of }) => (
        <td key={title} class="number">
          {of(worker)}
        </td>
      ))}
    </tr>
  );
}

export function TotalsPart({ totals }: { totals: Frame['totals'] | null }): JSX.Element {
  return (
    <section class="part totals" aria-labelledby="totals-title">
      <header>
        <h2 id="totals-title">Since the start</h2>
      </header>
      <div class="counts">
        <CountList title="Answered" counts={totals?.answered ?? {}} none="nothing yet" />
        <CountList title="Failed" counts={totals?.failed ?? {}} none="none" isHarm />
        <CountList title="Limited" counts={totals?.refused ?? {}} none="none" />
        <div>
          <h3>Sent</h3>
          <dl>
            <div>
              <dt>in bodies</dt>
              <dd data-total="bytes">{bytes(totals?.responseBytes ?? 0)}</dd>
            </div>
          </dl>
        </div>
      </div>
    </section>
  );
}

interface CountTerms {
  readonly title: string;
  readonly counts: Counts;
  readonly none: string;
  readonly isHarm?: boolean;
}

function CountList({ title, counts, none, isHarm = false }: CountTerms): JSX.Element {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return (
    <div>
      <h3>{title}</h3>
      <dl class={isHarm && rows.length > 0 ? 'is-harm' : ''}>
        {rows.length === 0 ? (
          <div>
            <dt class="nothing">{none}</dt>
            <dd />
          </div>
        ) : null}
        {rows.map(([name, count]) => (
          <div key={name}>
            <dt>{name === 'none' ? 'no answer' : name}</dt>
            <dd data-total={`${title} ${name}`}>{whole(count)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
