// Answers what an application can learn of the client's certificate from its socket.

export default function app({ socket }, res) {
  const certificate = socket.getPeerCertificate?.();
  res.setHeader('Content-Type', 'application/json');
  res.end(
    JSON.stringify({
      authorized: socket.authorized,
      authorizationError: socket.authorizationError,
      subject: certificate?.subject,
      x509: socket.getPeerX509Certificate?.()?.subject,
    }),
  );
}
