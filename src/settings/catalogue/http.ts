// What is let pass although strict HTTP/1.1 refuses it. Everything is strict by default; each setting loosens one rule, the
// one that Gunicorn's setting of that name loosens.

import type { Section } from '../declaration.ts';

/** Off unless switched on. */
const loosening = { kind: 'switch', default: false } as const;

export const http = {
  title: 'HTTP',
  about:
    'What is let pass although strict HTTP/1.1 refuses it; docs/http.md says what is refused. Whatever stands in front of the server must read such requests in the same way, or one client can slip a request into the connection of another.',
  settings: {
    header_map: {
      kind: 'choice',
      choices: ['drop', 'refuse', 'dangerous'],
      default: 'drop',
      flags: ['--header-map'],
      gunicorn: {
        differs:
          'A dropped field counts for `limit_request_fields` all the same, and Node.js applications get all fields unless it is `refuse`.',
      },
      meaning: 'What becomes of fields with an underscore in their name.',
      details:
        'WSGI cannot tell an underscore from a dash. drop: a WSGI application does not see them. refuse: 400. dangerous: the application sees them, so a client can send `X_Real_IP` past a proxy that sets `X-Real-IP`.',
    },
    strip_header_spaces: {
      ...loosening,
      flags: ['--strip-header-spaces'],
      gunicorn: 'same',
      meaning: 'Takes off blanks between a field name and its colon.',
    },
    permit_obsolete_folding: {
      ...loosening,
      flags: ['--permit-obsolete-folding'],
      gunicorn: 'same',
      meaning: 'Lets a field value go on on a second line.',
    },
    permit_unconventional_http_method: {
      ...loosening,
      flags: ['--permit-unconventional-http-method'],
      gunicorn: 'same',
      meaning: 'Lets any token be a method, in small letters too.',
      details: 'Without it: no small letters, no #, 3 to 20 characters.',
    },
    casefold_http_method: {
      ...loosening,
      flags: ['--casefold-http-method'],
      gunicorn: 'same',
      meaning: 'Turns methods into capitals.',
      details: 'Methods with small letters need `permit_unconventional_http_method` as well.',
    },
    permit_unconventional_http_version: {
      ...loosening,
      flags: ['--permit-unconventional-http-version'],
      gunicorn: {
        differs:
          'SERVER_PROTOCOL says what the request was read as: HTTP/1.0 below that version, HTTP/1.1 above. Gunicorn says what was sent.',
      },
      meaning: 'Lets requests name a version other than 1.x.',
      doesNot: 'It speaks no other version: what follows the request line is read as HTTP/1.x.',
    },
    tolerate_dangerous_framing: {
      ...loosening,
      flags: ['--tolerate-dangerous-framing'],
      gunicorn: {
        differs:
          'Gunicorn had it in 22 and 23. A Content-Length that is no number is refused here all the same.',
      },
      meaning: 'Reads a chunked body beside a Content-Length, or in HTTP/1.0.',
      details: 'The body is read as chunked, and the connection closes after the response.',
      doesNot:
        'Closing does not undo it: what a proxy in front took for one request may have been two.',
    },
  },
} as const satisfies Section;
