// Who is in one lane right now: the connections of a state, as the server answers when it is asked, in a dialog above the page.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { duration } from '../../durations.ts';
import type { ConnectionLook } from '../../wire/look.ts';
import type { Asked, Asking, Connections } from '../feed/asking.ts';
import { several, whole } from '../numbers.ts';
import { Scroller } from '../scroller.tsx';

interface Terms {
  readonly state: string;
  readonly asking: Asking;
  readonly close: () => void;
}

export function ConnectionsDialog({ state, asking, close }: Terms): JSX.Element {
  const place = useRef<HTMLDialogElement>(null);
  const [asked, setAsked] = useState<Asked<Connections> | null>(null);
  const look = (): void => {
    void asking.connections(state).then(setAsked);
  };
  useEffect(() => {
    place.current?.showModal();
    look();
  }, []);
  return (
    <dialog ref={place} aria-labelledby="dialog-title" onClose={close}>
      <header>
        <h2 id="dialog-title">Connections: {state}</h2>
        <button type="button" class="more" onClick={look}>
          Look again
        </button>
        <button type="button" class="more" onClick={() => place.current?.close()}>
          Close
        </button>
      </header>
      <Found asked={asked} />
    </dialog>
  );
}

function Found({ asked }: { asked: Asked<Connections> | null }): JSX.Element {
  if (asked === null) return <p class="nothing">Asking …</p>;
  if ('why' in asked) return <p class="nothing">{asked.why}</p>;
  const { matching, connections, silent } = asked.answer;
  if (connections.length === 0) return <p class="nothing">None right now.</p>;
  return (
    <>
      <p class="aside">
        {several(matching, 'connection')}
        {connections.length < matching ? `, the oldest ${whole(connections.length)} of them` : ''}
        {silent.length > 0 ? `; worker ${silent.join(', ')} did not answer` : ''}
      </p>
      <Scroller kind="wide" name="Connections">
        <table>
          <thead>
            <tr>
              <th scope="col">Client</th>
              <th scope="col" class="number">
                There for
              </th>
              <th scope="col">Request</th>
              <th scope="col">Ends</th>
              <th scope="col">Worker</th>
            </tr>
          </thead>
          <tbody>
            {connections.map((one, at) => (
              <tr key={`${at} ${one.client}`}>
                <td>{one.client}</td>
                <td class="number">{duration(one.ageMs)}</td>
                <td>
                  {one.request === null ? (
                    '–'
                  ) : (
                    <code>
                      {one.request.method} {one.request.path}
                    </code>
                  )}
                </td>
                <td>{endOf(one)}</td>
                <td>
                  {one.worker}
                  {one.thread === null ? '' : `, ${one.thread}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </>
  );
}

function endOf({ deadline }: ConnectionLook): string {
  if (deadline === null) return 'its own time';
  const inWords = `in ${duration(Math.max(0, deadline.inMs))}`;
  return deadline.setting === null ? inWords : `${inWords} (${deadline.setting})`;
}
