// A module that exports nothing that could serve a request.
export default 42;
