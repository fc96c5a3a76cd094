<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** What the README shows. */
final class Readme
{
    /** The first block of that language. */
    public static function block(string $language): string
    {
        $text = file_get_contents(dirname(__DIR__) . '/README.md');
        preg_match("/^```$language\n(.*?)^```$/ms", $text, $found);
        return $found[1];
    }
}
