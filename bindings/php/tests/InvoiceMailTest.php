<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** The example that writes a mail with a link: whatever it holds arrives whole, and the link opens. */
final class InvoiceMailTest extends StoreCase
{
    private const NAME = 'Ánn "Núñez" <b>&amp; 安娜 with a name that is far longer than a line may be';

    public function testBothFormsOfTheMailHoldTheLinkWhichShowsTheInvoiceOnce(): void
    {
        $gate = $this->store();
        [$headers, $parts] = $this->mail('1', '5', self::NAME, 'ann@example.com');
        self::assertSame('Invoice 5 is ready', $headers['Subject']);
        self::assertSame(self::NAME . ' <ann@example.com>', iconv_mime_decode($headers['To'], 0, 'UTF-8'));
        self::assertSame('auto-generated', $headers['Auto-Submitted']);
        self::assertSame(['text/plain; charset=utf-8', 'text/html; charset=utf-8'], array_keys($parts));
        [$plain, $html] = array_values($parts);
        self::assertStringContainsString('Dear ' . self::NAME . ',', $plain);
        self::assertStringContainsString('Dear ' . htmlspecialchars(self::NAME) . ',', $html);
        self::assertSame(1, preg_match('~^' . preg_quote(self::SYSTEM_URL) . '/signin\.php\?\w+$~m', $plain, $found));
        self::assertStringContainsString("<a href=\"$found[0]\">", $html);

        $seen = $gate->inspectLink($found[0]);
        self::assertSame(['invoice 5', 'invoice', 1, 1], [$seen->title, $seen->label, $seen->uses, $seen->clientId]);
        self::assertStringContainsString('until ' . $seen->expiresAt->format('j F Y, H:i') . ' UTC', $plain);
        self::assertSame(self::SYSTEM_URL . '/viewinvoice.php?id=5', $gate->openLink($found[0])->landingUrl);
    }

    public function testWhatIsNoMailIsRefusedBeforeALinkIsMade(): void
    {
        $gate = $this->store();
        $wrong = [
            ['0', '5', 'Ann', 'ann@example.com'],
            ['1', '5&x=1', 'Ann', 'ann@example.com'],
            ['1', '5', "Ann\r\nBcc: eve@example.com", 'ann@example.com'],
            ['1', '5', "\xFF", 'ann@example.com'],
            ['1', '5', 'Ann', "ann@example.com\nBcc: eve@example.com"],
            ['1', '5', 'Ann'],
        ];
        foreach ($wrong as $arguments) {
            [$status, $said] = $this->write(...$arguments);
            self::assertSame(2, $status, $said);
        }
        [$status, $said] = $this->write('9', '5', 'Ann', 'ann@example.com');
        self::assertSame([1, "no link: unknown client\n"], [$status, $said]);
        self::assertSame([], $gate->links()->list());
    }

    /** @return array{array<string, string>, array<string, string>} Headers, and the decoded texts by their types. */
    private function mail(string ...$arguments): array
    {
        [$status, $mail] = $this->write(...$arguments);
        self::assertSame(0, $status, $mail);
        self::assertSame(0, preg_match('/[^\x20-\x7e\r\n]|(?<!\r)\n|\r(?!\n)/', $mail), 'no byte that may be changed');
        self::assertLessThanOrEqual(76, max(array_map(strlen(...), explode("\r\n", $mail))));
        [$head, $body] = explode("\r\n\r\n", $mail, 2);
        $headers = self::headers($head);
        preg_match('/\Amultipart\/alternative; boundary="([^"]+)"\z/', $headers['Content-Type'], $boundary);
        $parts = [];
        $pieces = explode("\r\n--$boundary[1]", "\r\n$body");
        self::assertSame(['', '--'], [array_shift($pieces), rtrim(array_pop($pieces))]);
        foreach ($pieces as $piece) {
            [$head, $text] = explode("\r\n\r\n", substr($piece, 2), 2);
            $about = self::headers($head);
            self::assertSame('quoted-printable', $about['Content-Transfer-Encoding']);
            $parts[$about['Content-Type']] = str_replace("\r\n", "\n", quoted_printable_decode($text));
        }
        return [$headers, $parts];
    }

    /** @return array<string, string> */
    private static function headers(string $head): array
    {
        $headers = [];
        foreach (explode("\r\n", $head) as $line) {
            if ($line[0] === ' ') {
                $headers[$name] .= $line;
                continue;
            }
            [$name, $value] = explode(': ', $line, 2);
            $headers[$name] = $value;
        }
        return $headers;
    }

    private function write(string ...$arguments): array
    {
        $script = dirname(__DIR__) . '/examples/mail/invoice-mail.php';
        $options = ['-d', 'error_reporting=-1', '-d', 'display_errors=1', '-d', 'log_errors=0'];
        return Php::command([PHP_BINARY, ...$options, $script, $this->path(), ...$arguments]);
    }
}
