// Attempts to be sent somewhere else by a sign-in: to another host, or to a page that signs in or out or acts
// when it is merely opened. `{host}` is the system URL's host and port, `{base}` its path.

const LEAVING = {
  'a scheme': [
    'https://evil.example/', 'http://evil.example/', 'HTTPS://evil.example/', 'https:evil.example',
    'https:/evil.example', 'https:///evil.example', 'http:\\\\evil.example', 'ftp://evil.example/',
    'ws://evil.example/', 'file:///etc/hostname', 'javascript:alert(1)', 'JaVaScRiPt:alert(1)',
    'javascript://{host}/%0aalert(1)', 'data:text/html,<p>x', 'vbscript:x', 'blob:https://evil.example/x',
    'view-source:https://evil.example/', 'about:blank', 'chrome://version', 'mailto:a@evil.example',
    'intent://evil.example#Intent;end', 'x:y',
  ],
  'slashes': [
    '//evil.example', '//evil.example/{base}/clientarea.php', '///evil.example', '////evil.example',
    '/////evil.example/x', '/billing//evil.example',
  ],
  'backslashes': [
    '/\\evil.example', '\\/evil.example', '\\\\evil.example', '\\\\\\evil.example', '/\\/evil.example',
    '//\\evil.example', '\\evil.example', 'a\\..\\..\\x', '..\\..\\x', '{base}/..\\..\\x',
  ],
  'characters that browsers drop': [
    '/\t/evil.example', '/\n/evil.example', '/\r/evil.example', '\t//evil.example', '\n//evil.example',
    '\r\n//evil.example', ' //evil.example', '\f//evil.example', 'java\tscript:alert(1)',
    'java\nscript:alert(1)', 'ht\ttps://evil.example', '\u0001https://evil.example', '/\t\\evil.example',
    '\0//evil.example', '/\0/evil.example', '//evil.example\0',
  ],
  'user names and ports': [
    '//{host}@evil.example', '//user:word@evil.example', 'https://{host}@evil.example/', '@evil.example',
    ':word@evil.example', '.evil.example', ':80@evil.example', ':8080/x', '-evil.example',
    '//evil.example:80#@{host}', '//evil.example\\@{host}', 'https://evil.example#{host}',
    'https://evil.example?{host}', '//{host}.evil.example',
  ],
  'another line of the response': [
    'x.php\r\nLocation: https://evil.example/', 'x.php\r\nSet-Cookie: planted=1; Path=/',
    'x.php\nSet-Cookie: planted=1; Path=/', 'x.php\r\n\r\n<script>alert(1)</script>',
    'x.php?a=1\r\nSet-Cookie: planted=1; Path=/', 'x.php%0d%0aSet-Cookie: planted=1',
    'x.php\u560a\u560dSet-Cookie: planted=1',
  ],
  'dots': [
    '..', '.', '../', './', '../x', './x', '../../x', 'a/..', 'a/../../x', 'a/./x', '/..', '/../x',
    '{base}/../x', '..;/x', '..;a=b/x', 'a/..;/../x', '.;/x', './/evil.example', '..//evil.example',
    'a/..//evil.example', 'a/../../../..//evil.example', 'a//x', 'a///x', '.../../x',
  ],
  'the root of the host': ['/', '/x', '/other/x.php', '/{host}', '/clientarea.php/../../x', '/.', '/..//x'],
  'look-alikes': [
    '\uff0f\uff0fevil.example', '\uff3c\uff3cevil.example', '/\uff0fevil.example', '\u2215\u2215evil.example',
    '\u2044\u2044evil.example', '//evil\u3002example', '//evil\uff0eexample', '\uff0e\uff0e/x', '\u2025/x',
    '\u2024\u2024/x', 'javascript\uff1aalert(1)', '\u202e//evil.example', '\u200b//evil.example',
    '\ufeff//evil.example', '\u00a0//evil.example', '\u0085//evil.example', '\u2028//evil.example',
    '\u3000//evil.example', '/\u2028/evil.example', '//\u24d4vil.example', '\uff41dmin/',
    '&#47;&#47;evil.example', '/&Tab;/evil.example', '\\u002f\\u002fevil.example',
  ],
  'fragments and queries': [
    '#//evil.example', '#@evil.example/', 'x.php#/../../x', 'x.php#"><script>', 'x.php?a="><script>',
    'x.php?a=\\\\evil.example', 'x.php#javascript:alert(1)', 'x.php#a#b', 'x.php?a=\u0001',
  ],
};

/** Pages of the deny table. */
const DENIED = {
  'log-in pages': [
    'dologin.php', 'DoLogin.PHP', 'dologin.php?email=a&timestamp=1&hash=b', 'dologin.php/x', 'dologin.php;x=1',
    'dologin', 'x/dologin.php', 'index.php/dologin.php', 'dologin.php%20', 'dologin.php.', './dologin.php',
    'a/../dologin.php', '{base}/dologin.php', '/dologin.php', 'dologin.php#x', 'index.php?rp=/dologin.php',
  ],
  'log-out pages': [
    'logout.php', 'LOGOUT.php?returntoadmin=1', 'logout', 'logout.php/x', 'logout.php;jsessionid=1',
    'index.php?rp=/logout', 'index.php?a=b&rp=/logout', 'index.php?rp=%2Flogout', 'index.php/logout',
    '{base}/logout.php',
  ],
  'folders': [
    'oauth/', 'oauth/singlesignon.php?access_token=x', 'OAuth/singlesignon.php', 'oauth/authorize.php',
    'index.php?rp=/oauth/authorize', 'includes/api.php', 'Includes/', 'includes/api.php?action=AddUser',
    'modules/gateways/callback/x.php', 'modules/', 'MODULES/x', 'admin/', 'Admin/index.php',
    'admin/logout.php', 'index.php/admin/x', './admin/', 'a/../admin/', '{base}/admin/',
  ],
  'acting parameters': [
    'clientarea.php?action=productdetails&id=1&dosinglesignon=1', 'clientarea.php?DoSingleSignOn=1',
    'clientarea.php?dosinglesignon', 'clientarea.php?dosinglesignon[]=1', 'clientarea.php?dosinglesignon[a]=1',
    'clientarea.php?+dosinglesignon=1', 'clientarea.php?a=1;dosinglesignon=1', '?dosinglesignon=1',
    'clientarea.php?a=1&%64osinglesignon=1', 'clientarea.php?dosinglesignon.=1', 'clientarea.php?a?dosinglesignon=1',
    'clientarea.php?%20dosinglesignon=1', 'clientarea.php?dosinglesignon%00=1',
  ],
};

const encoder = new TextEncoder();
const escape = (text, which) => [...text].map((sign) => {
  if (!which(sign)) return sign;
  return [...encoder.encode(sign)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}).join('');
const notPlain = (sign) => !/[A-Za-z0-9]/.test(sign);

/** An attempt as it is, and in one of the spellings that something on the way may undo. */
function spellings(attempt, at, base) {
  const once = escape(attempt, notPlain);
  const spelled = [
    once,
    // What has escapes of its own would come out encoded thrice, and nobody decodes that often.
    attempt.includes('%') ? once : escape(once, (sign) => sign === '%'),
    escape(attempt, () => true),
    `${base}/${attempt}`,
  ];
  return [attempt, spelled[at % spelled.length]];
}

/** `[class, attempt]` for a system URL, every attempt once; as it is alone, or spelled too. */
export function attempts(system, { spelled }) {
  const { host, pathname } = new URL(system);
  const base = pathname.replace(/\/$/, '');
  const all = new Map();
  for (const [name, list] of Object.entries({ ...LEAVING, ...DENIED })) {
    for (const [at, attempt] of list.entries()) {
      const filled = attempt.replaceAll('{host}', host).replaceAll('{base}', base);
      for (const text of spelled ? spellings(filled, at, base) : [filled]) {
        if (!all.has(text)) all.set(text, name);
      }
    }
  }
  return [...all].map(([attempt, name]) => [name, attempt]);
}

/** Query strings of their own: what no decoded text can say. */
export const RAW = [
  '%ff%fe//evil.example', '%c0%af%c0%afevil.example', '%c0%ae%c0%ae/x', '%e0%80%af/evil.example', '%',
  '%2', '%zz//evil.example', '%u002f%u002fevil.example', '%00', '%5c%5cevil.example',
  'clientarea.php&{name}=//evil.example', '//evil.example&{name}=clientarea.php', 'a%26{name}=//evil.example',
  '&{name}[]=//evil.example', 'x.php;{name}=//evil.example', '//evil.example%23', '+//evil.example',
];

export const classes = Object.keys({ ...LEAVING, ...DENIED });
