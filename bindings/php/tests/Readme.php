<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** What the README shows. */
final class Readme
{
    /** The blocks of that language, which go on one from the other. */
    public static function blocks(string $language): string
    {
        $text = file_get_contents(dirname(__DIR__) . '/README.md');
        preg_match_all("/^```$language\n(.*?)^```$/ms", $text, $found);
        return implode('', $found[1]);
    }
}
