<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Gatepass;
use PHPUnit\Framework\TestCase;

/** The endpoints in real nginx and php-fpm, set up as docs/php-fpm.md says. */
final class NginxTest extends TestCase
{
    private ?Fpm $fpm = null;
    private ?WebServer $nginx = null;

    protected function setUp(): void
    {
        $missing = Fpm::missing() ?? (WebServer::program() === null ? 'nginx (Debian: nginx-light)' : null);
        if ($missing !== null) {
            fwrite(STDERR, "\n!!!! NginxTest is SKIPPED: $missing is missing\n");
            self::markTestSkipped("$missing is missing");
        }
        $this->fpm = Fpm::start(workers: 2);
        $this->nginx = WebServer::nginx($this->fpm);
    }

    protected function tearDown(): void
    {
        $this->nginx?->stop();
        $this->fpm?->stop();
    }

    public function testAPersonIsHandedOverFromTheApiToSignOut(): void
    {
        [$identifier, $secret] = $this->credential();
        $fields = ['action' => 'CreateSsoToken', 'client_id' => '1', 'identifier' => $identifier, 'secret' => $secret];
        [$status, $headers, $body] = $this->multipart($fields);
        self::assertSame(200, $status, $body . $this->fpm->log());
        self::assertContains('Content-Type: application/json; charset=utf-8', $headers);
        self::assertStringNotContainsString('X-Powered-By', implode("\n", $headers));
        $path = parse_url(json_decode($body, true)['redirect_url'], PHP_URL_PATH);
        $query = parse_url(json_decode($body, true)['redirect_url'], PHP_URL_QUERY);

        [$status, , $body] = $this->nginx->ask('HEAD', "$path?$query");
        self::assertSame([503, ''], [$status, $body]);
        [$status, $headers] = $this->nginx->ask('GET', "$path?$query");
        self::assertSame(303, $status);
        self::assertContains('Location: https://billing.example.com/clientarea.php', $headers);
        $cookies = preg_grep('/^Set-Cookie: /', $headers);
        self::assertCount(2, $cookies, 'the session, and the end of the nonce');
        $cookie = 'Cookie: ' . explode(';', substr(implode('', preg_grep('/=[0-9a-f]{64};/', $cookies)), 12))[0];

        self::assertStringContainsString('ann@example.com', $this->nginx->ask('GET', '/logout.php', [$cookie])[2]);
        $form = 'Content-Type: application/x-www-form-urlencoded';
        self::assertSame(303, $this->nginx->ask('POST', '/logout.php', [$cookie, $form])[0]);
        self::assertStringNotContainsString('ann@example.com', $this->nginx->ask('GET', '/logout.php', [$cookie])[2]);

        $log = @file_get_contents("{$this->fpm->folder}/access.log");
        self::assertStringNotContainsString('access_token', (string) $log, 'a token in the access log');
    }

    public function testAMultipartBodyReachesTheLibraryAsItCameInAPoolThatSaysSo(): void
    {
        $twice = [['action' => 'GetUsers'], ['action' => 'GetClients']];
        // PHP keeps the last of the two, and nobody notices the conflict: only the credentials are missing.
        self::assertStringContainsString('credentials', $this->multipart(...$twice)[2]);
        $this->tearDown();
        $this->fpm = Fpm::start(workers: 1, pool: ['php_admin_value[enable_post_data_reading] = 0']);
        $this->nginx = WebServer::nginx($this->fpm);
        [$status, , $body] = $this->multipart(...$twice);
        self::assertSame(400, $status, $body);
        self::assertStringNotContainsString('Empty action', $body);
        self::assertStringContainsString('action', $body);
    }

    public function testEveryPageOfThePackageIsServed(): void
    {
        $public = dirname(__DIR__) . '/public';
        $pages = [...glob("$public/*.php"), ...glob("$public/*/*.php")];
        self::assertCount(5, $pages);
        foreach ($pages as $page) {
            $path = substr($page, strlen($public));
            self::assertNotContains($this->nginx->ask('GET', $path)[0], [404, 500, 502, 503], $path);
        }
        self::assertStringContainsString('Sign-in links lead here', $this->nginx->ask('GET', '/signin.php')[2]);
    }

    public function testNothingButTheEndpointsIsServed(): void
    {
        foreach (['/endpoints.php', '/includes/', '/oauth/', '/logout.php/x', '/dologin.php5'] as $path) {
            self::assertContains($this->nginx->ask('GET', $path)[0], [403, 404], $path);
        }
    }

    /** @return array{string, string} Identifier and secret. */
    private function credential(): array
    {
        $gate = Gatepass::open($this->fpm->store(), kept: false);
        $gate->admins()->add('ops');
        $created = $gate->credentials()->create('portal', 'ops');
        return [$created->credential->identifier, $created->secret()];
    }

    /**
     * @param array<string, string> ...$fields
     * @return array{int, list<string>, string}
     */
    private function multipart(array ...$fields): array
    {
        $body = '';
        foreach ($fields as $some) {
            foreach ($some as $name => $value) {
                $body .= "--b\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n";
            }
        }
        $type = 'Content-Type: multipart/form-data; boundary=b';
        return $this->nginx->ask('POST', '/includes/api.php', [$type], "$body--b--\r\n");
    }
}
