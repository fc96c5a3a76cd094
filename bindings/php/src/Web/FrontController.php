<?php

declare(strict_types=1);

namespace Gatepass\Web;

use Gatepass\Exception\InvalidArgument;
use Gatepass\Gatepass;

/** What the scripts in `public/` run. */
final class FrontController
{
    /**
     * Answer the request that PHP works on, by the store that the environment names.
     *
     * `GATEPASS_STORE` is the store's file, `GATEPASS_SEAL_KEY` the sealing key's if there is one. When the store can't
     * be opened the answer is 503, and why stands in PHP's error log alone.
     *
     * @param string $path The endpoint, such as `oauth/singlesignon.php`.
     */
    public static function run(string $path): void
    {
        // What goes wrong stands in the log, and nowhere else.
        ini_set('display_errors', '0');
        try {
            $response = self::open()->handle(Request::current($path));
        } catch (\Throwable $error) {
            error_log('gatepass: ' . $error::class . ': ' . $error->getMessage());
            $response = self::unavailable($path);
        }
        $response->send();
    }

    private static function open(): Gatepass
    {
        $store = getenv('GATEPASS_STORE');
        if (!is_string($store) || $store === '') {
            throw InvalidArgument::in('path', 'GATEPASS_STORE names no store');
        }
        return Gatepass::open($store, sealingKeyFile: getenv('GATEPASS_SEAL_KEY') ?: null);
    }

    private static function unavailable(string $path): Response
    {
        $headers = [['Cache-Control', 'no-store'], ['Retry-After', '30'], ['X-Content-Type-Options', 'nosniff']];
        [$type, $body] = $path === 'includes/api.php'
            ? ['application/json', '{"result":"error","message":"temporarily_unavailable"}']
            : ['text/plain', "Not available now. Please try again later.\n"];
        return new Response(503, [['Content-Type', "$type; charset=utf-8"], ...$headers], $body);
    }
}
