<?php

declare(strict_types=1);

namespace Gatepass\Web;

/**
 * A `multipart/form-data` body that PHP has taken for itself: `php://input` is empty then.
 *
 * With `enable_post_data_reading=0` PHP leaves it alone. Where that is not so, a body is made of `$_POST`
 * again. It says the same but for three things: of a parameter that came twice only the last is left, so a
 * conflict is not noticed; names and nesting are those that PHP made of them; and with `file_uploads=0` PHP
 * drops files, which are refused otherwise.
 *
 * @internal
 */
final class Form
{
    /** Whether PHP takes the body of a request of that type. The setting is not asked: it may have come too late. */
    public static function isTaken(string $type): bool
    {
        return preg_match('~^multipart/form-data([;, ]|$)~i', $type) === 1;
    }

    /**
     * A body that says the same, and its type.
     *
     * @param int $length How long the body was.
     * @param int $most   How long a body is that is refused for that.
     *
     * @return array{string, string}
     */
    public static function again(int $length, int $most): array
    {
        if ($length >= $most) {
            return ['multipart/form-data; boundary=x', str_repeat("\n", $most)];
        }
        if ($_FILES !== []) {
            // The library says that it takes no files, and which it was; nothing of its content is needed.
            $first = (string) array_key_first($_FILES);
            $name = preg_match('/^\w{1,30}\z/', $first) === 1 ? $first : 'file';
            return ['multipart/form-data; boundary=x', "--x\r\n"
                . "Content-Disposition: form-data; name=\"{$name}\"; filename=\"file\"\r\n\r\n\r\n--x--\r\n"];
        }
        return ['application/x-www-form-urlencoded', http_build_query($_POST, '', '&')];
    }
}
