// The setting `ciphers`, an OpenSSL list as Gunicorn takes it, for Node.js, which reads the same list in another way: what
// is no name of TLS 1.3 leaves TLS 1.3 alone in OpenSSL and in Python, and in Node.js switches it off.

/** RFC 8446, appendix B.4, in the order of Node.js and OpenSSL. */
const TLS_1_3 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** The same list for Node.js, empty when it names nothing. A list that names ciphers of TLS 1.3 is taken for all of it, in both versions. */
export function nodeCiphers(list: string): string {
  // OpenSSL parts words by any of these, Node.js by colons.
  const words = list.split(/[:,; ]+/).filter((word) => word !== '');
  const namesTls13 = words.some((word) => word.startsWith('TLS_'));
  return namesTls13 || words.length === 0 ? words.join(':') : [TLS_1_3, ...words].join(':');
}
