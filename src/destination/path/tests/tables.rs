//! What must pass, and the attacks × encodings that must not.

use std::collections::BTreeSet;

use super::split;

/// Paths that people use, the first six of them the promised ones.
pub(super) const REAL: &[&str] = &[
    "viewinvoice.php?id=5",
    "index.php?rp=/account/paymentmethods",
    "cart.php?a=add&domain=register",
    "clientarea.php?action=productdetails&id=1#tabOverview",
    "search.php?q=my%20ticket",
    "x.php?u=http%3A%2F%2Fexample.com",
    "clientarea.php",
    "clientarea.php?action=details",
    "clientarea.php?action=invoices&orderby=duedate&sort=DESC",
    "clientarea.php?action=services",
    "clientarea.php?action=products",
    "clientarea.php?action=domains#tabRenew",
    "clientarea.php?action=domaindetails&id=12#tabNameservers",
    "clientarea.php?action=productdetails&id=1&modop=custom&a=management",
    "clientarea.php?action=cancel&id=9",
    "clientarea.php?action=masspay&all=true",
    "clientarea.php?action=creditcard",
    "clientarea.php?action=quotes",
    "clientarea.php?action=addfunds",
    "clientarea.php?action=emails&page=2",
    "viewquote.php?id=5",
    "viewinvoice.php?id=5&paymentsuccess=true",
    "viewemail.php?id=7",
    "viewticket.php?tid=ABC-123456&c=x1Y2z3W4",
    "dl.php?type=i&id=12",
    "supporttickets.php",
    "submitticket.php?step=2&deptid=1",
    "serverstatus.php?view=open",
    "announcements.php?id=3",
    "downloads.php?action=displaycat&catid=2",
    "knowledgebase.php?action=displayarticle&id=4",
    "affiliates.php",
    "networkissues.php",
    "upgrade.php?type=package&id=1",
    "cart.php",
    "cart.php?gid=addons",
    "cart.php?gid=1&currency=2",
    "cart.php?a=add&pid=3&billingcycle=annually&promocode=SPRING-10",
    "cart.php?a=view",
    "cart.php?a=checkout&e=false",
    "cart.php?a=add&domain=transfer&sld=example&tld=.co.uk",
    "index.php?rp=/announcements/12/Some-News.html",
    "index.php?rp=/knowledgebase/5/How-do-I.html",
    "index.php?rp=/download/category/1/Manuals.html",
    "index.php?rp=/store/ssl-certificates",
    "index.php?rp=/user/security",
    "index.php?rp=%2Fclientarea%2Fssl-certificates%2Fmanage",
    "index.php?m=reseller_panel&page=orders&filter[status]=open",
    "index.php/announcements",
    "index.php/knowledgebase/tag/e-mail",
    "announcements/12/Some-News.html",
    "knowledgebase/5/How-do-I%3F.html",
    "store/web-hosting/starter",
    "store/",
    "templates/six/css/invoice.css?v=1.2.3",
    "pages/caf%C3%A9.html",
    "pages/caf%c3%a9?lang=%E6%97%A5%E6%9C%AC",
    "files/100%25.html",
    "wiki/Help:Contents",
    "wiki/a%20page",
    "shop/@anna/~list/a,b;c=d/(x)!$&'*+=",
    "search.php?q=c%2B%2B+hosting&in=a|b^c`{d}",
    "search.php?q=100%&x=%zz",
    "search.php?q=dologin.php",
    "x.php?u=//evil.example&v=../..&w=javascript:alert(1)",
    "x.php?date=2026-01-01T10:00:00Z&time=10:00",
    "x.php?a=1?b=2",
    "x.php?",
    "x.php#",
    "x.php#tab_2-3",
    "?rp=/announcements",
    "a.b..c...d/..e/f../...",
];

/// Attempts to leave the host, the folder, or the line.
const ESCAPES: &[&str] = &[
    "//evil.example",
    "///evil.example",
    "//evil.example/billing/cart.php",
    "//example.com@evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "HTTPS://evil.example/x",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript://example.com/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "blob:x",
    "mailto:a@evil.example",
    "x:y",
    ":80/x",
    "user:secret@evil.example",
    "../x",
    "..",
    ".",
    "./x",
    "a/../../x",
    "a/..",
    "a/./b",
    "a/../dologin.php",
    "..;/x",
    "..\\x",
    "a/..\\..\\x",
    "a//b",
    "a//evil.example",
    ".//evil.example",
    "..//evil.example",
    "a\r\nSet-Cookie: x=1",
    "a\nb",
    "a\rb",
    "a\tb",
    "a\0.php",
    "a\u{7f}b",
    "a\u{1b}[2J",
    "x.php?a=1\r\nLocation: //evil.example",
    "x.php?a=\0",
];

/// Pages of the deny table.
const DENIED: &[&str] = &[
    "dologin.php",
    "DoLogin.php",
    "dologin.php?email=a&hash=b",
    "dologin.php/extra",
    "dologin.php;jsessionid=1",
    "dologin",
    "x/dologin.php",
    "index.php/dologin.php",
    "logout.php",
    "LOGOUT.PHP?returntoadmin=1",
    "index.php?rp=/logout",
    "index.php?a=b&rp=/oauth/authorize",
    "oauth/singlesignon.php?access_token=x",
    "OAuth/singlesignon.php",
    "oauth/",
    "includes/api.php",
    "modules/gateways/callback/x.php",
    "admin/",
    "Admin/index.php",
    "index.php/admin/x",
    "clientarea.php?action=productdetails&id=1&dosinglesignon=1",
    "clientarea.php?DoSingleSignOn=1",
    "clientarea.php?dosinglesignon",
    "clientarea.php?dosinglesignon[]=1",
    "clientarea.php?dosinglesignon[a][b]=1",
    "clientarea.php?+dosinglesignon=1",
    "clientarea.php?a=1&++dosinglesignon=1",
    "clientarea.php?dosinglesignon.=1",
    "clientarea.php?dosinglesignon+=1",
    "clientarea.php?a=1;dosinglesignon=1",
    "login.php?goto=clientarea.php?dosinglesignon=1",
];

fn escape(byte: u8) -> String {
    format!("%{byte:02x}")
}

fn encode(text: &str, which: impl Fn(u8) -> bool) -> String {
    text.bytes().map(|b| if which(b) { escape(b) } else { char::from(b).to_string() }).collect()
}

fn special(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric()
}

/// `%2f` as `%2F`, `%5c` as `%5C`, every other letter of the rest upside down.
fn mixed(text: &str) -> String {
    let flip =
        |(at, c): (usize, char)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().enumerate().map(flip).collect()
}

fn insert(text: &str, at: usize, what: &str) -> String {
    format!("{}{what}{}", &text[..at], &text[at..])
}

/// One attack in every spelling that somebody between us and the page may undo: encoded wholly or in part,
/// once or twice, in either case, with the characters that browsers throw away.
fn spellings(attack: &str) -> Vec<String> {
    let specials = encode(attack, special);
    let all = encode(attack, |_| true);
    let (_, query) = split(attack, '?');
    let in_query = query.map(|query| {
        let path = &attack[..attack.len() - query.len()];
        let names = encode(query, |b| !b"=&?;/".contains(&b));
        [
            format!("{path}{}", encode(query, special)),
            format!("{path}{names}"),
            format!("{path}{}", mixed(&names)),
        ]
    });
    let mut spelled = vec![
        attack.to_owned(),
        mixed(attack),
        encode(&specials, |b| b == b'%'),
        encode(&all, |b| b == b'%'),
        encode(&all, |_| true),
        encode(attack, |b| b == b'.' || b == b'%'),
        mixed(&specials),
        mixed(&all),
        mixed(&encode(&specials, |b| b == b'%')),
        insert(attack, 1, "\t"),
        insert(attack, attack.len(), "\n"),
        format!("\r\n{attack}"),
        format!(" {attack}"),
        format!("\u{feff}{attack}"),
        format!("{attack}\0"),
        attack.chars().flat_map(|c| [c, '\t']).collect(),
        specials,
        all,
    ];
    spelled.extend(in_query.into_iter().flatten());
    spelled
}

/// What looks like a dangerous character to some reader, and is none of ASCII.
const LOOKALIKES: &[&str] = &[
    "／／evil.example",
    "＼＼evil.example",
    "//evil。example",
    "．．/x",
    "‥/x",
    "javascript：alert(1)",
    "a/․․/b",
    "evil.example⁄x",
    "\u{202e}php.x",
    "x\u{2028}y",
    "x\u{85}y",
    "\u{a0}//evil.example",
    "ｄologin.php",
    "%c0%ae%c0%ae/x",
    "%c0%af%c0%afevil.example",
    "%e0%80%af/evil.example",
    "%u002f%u002fevil.example",
    "%ff",
    "%",
    "%%32%66",
    "a%2",
    "&#47;&#47;evil.example",
    "x.php?a=\u{ff0f}",
];

/// Every hostile input, in every spelling, bare and behind `/billing/`.
pub(super) fn hostile() -> BTreeSet<String> {
    let attacks = ESCAPES.iter().chain(DENIED);
    let mut table: BTreeSet<String> = attacks.flat_map(|attack| spellings(attack)).collect();
    table.extend(LOOKALIKES.iter().map(|text| (*text).to_owned()));
    // And everything once more behind the system URL's own path.
    let rooted: Vec<String> = table.iter().map(|text| format!("/billing/{text}")).collect();
    table.extend(rooted);
    table.extend(["", "/", "/billing", "/billing/", "/other/x.php", "/billing/../x"].map(str::to_owned));
    table
}
