// How whatever is prepared gives way to a stop: the one way for hooks, loading ahead and binding. Knows nothing of what it waits for.

/**
 * Waits for what `begin` begins. A stop meanwhile calls `end`, which has to make it settle; the promise rejects then, and also
 * when the stop came before. null: nobody stops it.
 */
export async function unlessStopped<T>(
  stopped: AbortSignal | null,
  end: () => void,
  begin: () => Promise<T>,
): Promise<T> {
  stopped?.throwIfAborted();
  stopped?.addEventListener('abort', end);
  try {
    return await begin();
  } finally {
    stopped?.removeEventListener('abort', end);
    stopped?.throwIfAborted();
  }
}
