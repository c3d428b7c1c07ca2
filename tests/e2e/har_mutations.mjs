// HARs that are wrong in one or two places, the same ones at every run: for comparing what programs make of them with what
// harcheck says that they do.

/// Numbers from 0 to limit - 1, the same sequence for the same seed (xorshift32).
export function random(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
}

/// An entry with every member that a program looks at.
export function wholeEntry(url = 'https://api.example/things?a=1&b=2') {
  return {
    pageref: 'page_1',
    startedDateTime: '2026-11-22T09:15:30.123Z',
    time: 120.5,
    request: {
      method: 'POST',
      url,
      httpVersion: 'http/2.0',
      cookies: [{name: 'sid', value: '1', path: '/', domain: 'api.example', expires: '2027-11-22T09:15:30.000Z', httpOnly: true, secure: false}],
      headers: [{name: 'accept', value: '*/*'}, {name: 'Content-Type', value: 'application/json'}],
      queryString: [{name: 'a', value: '1'}, {name: 'b', value: '2', comment: ''}],
      postData: {mimeType: 'application/json', text: '{"x":1}', params: [{name: 'x', value: '1', fileName: 'f', contentType: 'text/plain'}]},
      headersSize: -1,
      bodySize: 7,
    },
    response: {
      status: 200,
      statusText: 'OK',
      httpVersion: 'http/2.0',
      cookies: [{name: 'tid', value: '2', expires: null}],
      headers: [{name: 'content-type', value: 'text/html; charset=utf-8'}, {name: 'x-one', value: 'é'}],
      content: {size: 12, mimeType: 'text/html; charset=utf-8', text: 'aGVsbG8gd29ybGQh', encoding: 'base64', compression: 0},
      redirectURL: '',
      headersSize: 120,
      bodySize: 12,
      _transferSize: 132,
      _error: null,
    },
    cache: {
      beforeRequest: {expires: '2027-11-22T09:15:30Z', lastAccess: '2026-11-22T09:15:30Z', eTag: '"a"', hitCount: 3},
      afterRequest: null,
    },
    timings: {blocked: 1, dns: -1, connect: 10.5, ssl: 5, send: 1, wait: 100, receive: 8, _blocked_queueing: 0.5},
    serverIPAddress: '192.0.2.7',
    connection: '443',
    comment: 'whole',
    _initiator: {
      type: 'script',
      url: 'https://api.example/a.js',
      lineNumber: 3,
      stack: {callFrames: [{functionName: 'f', scriptId: '7', url: '', lineNumber: 1, columnNumber: 2}], parent: {callFrames: []}, parentId: {id: '1'}},
    },
    _priority: 'High',
    _resourceType: 'fetch',
    _connectionId: '12',
    _webSocketMessages: [{type: 'send', time: 1795338930.2, opcode: 1, data: 'hi'}, {type: 'receive', time: 1795338930.3, opcode: 2, data: 'AQI='}],
    _eventSourceMessages: [{time: 1795338930.4, eventName: 'message', eventId: '', data: 'x'}],
  };
}

export function wholeHar() {
  return {
    log: {
      version: '1.2',
      creator: {name: 'hartape-e2e', version: '1', comment: ''},
      browser: {name: 'none', version: '1'},
      pages: [{startedDateTime: '2026-11-22T09:15:30.000Z', id: 'page_1', title: 'A page', pageTimings: {onContentLoad: 20, onLoad: -1}, comment: ''}],
      entries: [wholeEntry()],
      comment: '',
    },
  };
}

/// Where objects and arrays hold something: [holder, key] of everything below `value`.
function places(value, found = []) {
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    if (value[key] !== null && typeof value[key] === 'object') places(value[key], found);
  }
  return found;
}

const ANY = [
  null, true, false, 0, -1, -2, 1.5, 5, 200, 1e21, -0, '', ' ', '0', '12', '1e3', '0x1F', '1_0', 'abc', 'NaN', 'Infinity', '-Infinity', ' 7 ', 'null',
  [], {}, [null], ['5'], [5], ['a', 'b'], [[]], {name: 'a'}, {toString: 1}, {length: 2}, [{toString: 1}],
];
const BY_NAME = {
  date: [
    '2026-11-22', '2026-11-22T09:15:30', '2026-11-22 09:15:30Z', '2026-11-22T09:15:30+01:00', '2026-11-22T09:15:30.1234567+0100', '20261122T091530Z',
    '2026-11-22T09:15Z', '2026-11-22T24:00:00Z', '2026-11-22T25:00:00Z', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', 'Sun, 22 Nov 2026 09:15:30 GMT',
    'Sun Nov 22 2026 09:15:30 GMT+0100 (CET)', '22/11/2026 09:15', '11/22/2026', '1795338930', 'yesterday', '2026-W47-7T09:15:30Z', '2026-11-22T23:59:60Z',
    '2026-11-22t09:15:30z', '2026-11-22T09:15:30,5Z', '2026-11-22T09:15:30.Z', '+002026-11-22T09:15:30Z', '0000-01-01T00:00:00Z', '2026-11-22T09:15:30-24:00',
    '2026-11-22T09:15:30 +01:00', '2026-11-22\u00a009:15:30Z', '2026-11-22T09:15:30+01',
  ],
  url: [
    'http://example', 'http://example/', 'HTTP://example/', 'http://EXAMPLE/', 'http://example:80/', 'https://example:443/', 'http://example:8080/x',
    'http://example:080/', 'http://example:/', 'http://example:99999/', 'http://example/a b', 'http://example/é', 'http://exämple/', 'http://example/?q=é',
    'http://example/#x', 'http://example?x', 'http://example/a/../b', 'http://example/./', 'http://example/%2e/', 'http://example/a\\b', 'http://example/"',
    "http://example/'?'", 'http://example/{}', 'http://example/^|', 'http://example/?^|{}`', 'http://u:p@example/', 'http://127.0.0.1/', 'http://127.1/',
    'http://0x7f.0.0.1/', 'http://1.2.3.4.5/', 'http://[::1]/', 'http://[::1/', 'http://[::1]:8080/', 'http:///x', 'http://', 'http:/example/x', 'http:example',
    '//example/x', '/x', 'example/x', 'data:text/plain,hi', 'blob:http://example/1', 'about:blank', 'ws://example/s', 'wss://example/s', 'ftp://example/',
    'chrome-extension://abcdef/x.js', 'file:///etc/hosts', 'http://a_b.example/', 'http://a..b/', 'http://example./', 'http://-/', 'http://%41/', 'http://a%b/',
    'http://a~b/', `http://${'a'.repeat(64)}/`, 'http://example/\tx', ' http://example/ ', 'http://example/\ud800', 'javascript:void(0)', 'http://xn--exmple-cua/',
    'http://example:8O/', 'mailto:a@b', '1http://example/', 'http+x://example/', 'http://1.2.3/', 'http://example/?', 'http://example/?a=%zz', 'http://256.1.1.1/',
    'http://example/%', 'http://example;x/', 'http://a,b/', 'http://a!b/', 'http://exa mple/',
  ],
  method: ['get', 'Get', 'post', 'patch', 'PURGE', 'A B', '', 'é', '\ud800', 'put', 'PATCH'],
  headers: [[['a', 'b']], [['a']], [['a', 5]], ['ab'], ['a'], [null], [5], 'x', {a: 'b'}, [{name: 'a'}], [{value: 'a'}], [{name: 5, value: 'a'}], [{name: 'a', value: 5}],
    [{name: 'a', value: null}], [{name: '', value: ''}], [{name: 'a b', value: 'c'}], [{name: ':status', value: '200'}], [{name: 'a', value: 'b\nc'}],
    [{name: 'set-cookie', value: 'b=1\nc=2'}], [{name: 'a', value: 'b\r\nc'}], [{name: 'a', value: '\ud800'}], [{name: 'a', value: '\u0000'}],
    [{name: 'content-encoding', value: 'gzip'}], [{name: 'Content-Encoding', value: 'gzip, br'}], [{name: 'content-encoding', value: 'utf-8'}],
    [{name: 'content-encoding', value: 'br'}], [{name: 'content-encoding', value: ''}], [{name: 'content-encoding', value: 'none'}],
    [{name: 'content-encoding', value: 'aws-chunked'}], [{name: 'content-encoding', value: 'zlib'}], [{name: 'content-encoding', value: 'ZSTD'}],
    [{name: 'content-encoding', value: 'gzip'}, {name: 'content-encoding', value: 'gzip'}], [{name: 'content-type', value: 'text/html; charset=gzip'}],
    [{name: 'content-type', value: 'text/html; charset=none'}], [{name: 'content-type', value: 'text/html; charset=nope'}],
    [{name: 'content-type', value: 'text/html;charset="utf-8"'}], [{name: 'content-type', value: 'x; charset=hex'}], [{name: 'location', value: '/x'}],
    [{name: 'location', value: 'http://['}], [{name: 'location', value: 5}]],
  expires: ['', '0', 'Session', '-1', 'Thu, 01 Jan 1970 00:00:00 GMT', 0, 1795338930, '2026-11-22T09:15:30Z', '1601-01-01T00:00:00.000Z', 8.65e15],
  serverIPAddress: ['', '127.0.0.1', '1.2.3', '256.1.1.1', '01.2.3.4', '::1', '[::1]', '2001:db8::1', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8:9', '1::2::3', '::ffff:1.2.3.4',
    '::ffff:01.2.3.4', 'fe80::1%eth0', 'fe80::1%', 'example', ' ::1 ', '::', ':1', '1:', '12345::', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4',
    '1.2.3.4:80', '1:2:3:4:5:6:7:1.2.3.4', '1:2:3:4:5::1.2.3.4', ':::', '::g'],
  status: [0, -1, 99, 100, 101, 204, 304, 302, 600, 999, 1000, 1e12, 200.5, '200', null, 2147483648],
  text: ['%%%%', 'aGk', 'aGk=', 'aGk= ', 'aG k=', 'aGk==', 'a', 'ab=', '====', 'ab==cd', 'é', '\ud800', 'a\udc80b', '\udc80', 'aGVs\nbG8=', '=aGk', 'ab=c'],
  encoding: ['base64', 'Base64', 'utf-8', 'gzip', 'br', 'hex', 'base-64', 'rot13', 'identity', 'none', 'nope', '', 5, null, 'latin-1', 'zlib_codec', 'ISO-8859-1'],
  mimeType: ['text/event-stream', 'x-unknown', '', 'text/html; charset=nope'],
  _file: ['a.txt', '../a.txt', '/etc/hostname', 'a/../../b', './a', '', 5, 'a/../b', 'a\u0000b'],
  type: ['send', 'receive', 'error', 'other', ''],
};
const DATES = ['startedDateTime', 'lastAccess'];

function otherValue(key, pick) {
  const own = BY_NAME[DATES.includes(key) ? 'date' : key] ?? (key === 'expires' ? BY_NAME.date : undefined);
  const list = own !== undefined && pick(3) !== 0 ? own : ANY;
  return structuredClone(list[pick(list.length)]);
}

/// Makes one change somewhere below `root`: something is taken away, replaced, or added.
function change(root, pick) {
  const all = places(root);
  if (all.length === 0) return;
  const [holder, key] = all[pick(all.length)];
  const kind = pick(8);
  if (kind === 0) {
    delete holder[key];
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
  } else if (kind === 1 && !Array.isArray(holder)) {
    const names = Object.keys(BY_NAME);
    const name = names[pick(names.length)];
    holder[name] = otherValue(name, pick);
  } else if (kind === 2 && Array.isArray(holder)) {
    holder.push(otherValue(key, pick));
  } else {
    holder[key] = otherValue(key, pick);
  }
}

/// The number-th HAR of a seed: with an object as log and an array as entries, of objects. `only` makes changes to one entry
/// alone, `prepare` may change the whole HAR first.
export function mutation(seed, number, {only = (har) => har, prepare = () => {}} = {}) {
  const pick = random(seed * 1_000_003 + number);
  for (;;) {
    const har = wholeHar();
    prepare(har, pick);
    for (let changes = 1 + (pick(3) === 0 ? 1 : 0); changes > 0; --changes) change(only(har), pick);
    const log = har.log;
    const readable = log !== null && typeof log === 'object' && !Array.isArray(log) && Array.isArray(log.entries) &&
        log.entries.every((entry) => entry !== null && typeof entry === 'object' && !Array.isArray(entry));
    if (readable) return har;
  }
}
