// What a Node.js thread said makes no sense: the application got hold of the thread's port, or there is a mistake in
// the guest. The thread cannot be believed any more and is ended; nothing of it becomes a response.

export class WireBroken extends Error {
  override readonly name = 'WireBroken';
}
