<?php

declare(strict_types=1);

namespace Gatepass\Native;

use Gatepass\Exception\InternalError;
use Gatepass\Exception\InvalidArgument;

/**
 * Parameters and answers of the management operations.
 *
 * @internal
 */
final class Json
{
    private const WRITE = JSON_THROW_ON_ERROR
        | JSON_UNESCAPED_SLASHES
        | JSON_UNESCAPED_UNICODE
        | JSON_PRESERVE_ZERO_FRACTION;

    /** @param array<string, mixed> $parameters */
    public static function write(#[\SensitiveParameter] array $parameters): string
    {
        try {
            // An empty array must not become a list.
            return json_encode((object) $parameters, self::WRITE);
        } catch (\JsonException $exception) {
            foreach ($parameters as $name => $value) {
                if (json_encode($value) === false) {
                    throw new InvalidArgument("$name: {$exception->getMessage()}", (string) $name);
                }
            }
            throw new InvalidArgument("parameters: {$exception->getMessage()}", 'parameters');
        }
    }

    public static function read(#[\SensitiveParameter] string $text): mixed
    {
        try {
            return json_decode($text, true, 512, JSON_THROW_ON_ERROR);
        } catch (\JsonException) {
            throw new InternalError('the library gave an answer that is no JSON');
        }
    }
}
