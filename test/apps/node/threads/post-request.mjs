// A server hook that tells what became of /told.
export default {
  post_request(_worker, request, { status, sent, headers }) {
    if (request.path === '/told') globalThis.seen.push(status, sent, headers);
  },
};
