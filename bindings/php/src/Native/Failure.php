<?php

declare(strict_types=1);

namespace Gatepass\Native;

use Gatepass\Exception\GatepassException;
use Gatepass\Exception\InternalError;
use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Exception\StoreError;
use Gatepass\Reason;

/**
 * Turns what the last call failed with into an exception: the only place that knows the classes of codes.
 *
 * @internal
 */
final class Failure
{
    private const MISUSE = 1;
    public const REFUSED = 2;
    private const STORE = 3;

    public static function of(Library $library, int $code): GatepassException
    {
        $told = self::told($library);
        $name = self::name($library, $code);
        // A signal handler that ran in between may have called the library. Then what was read belongs to its call, and
        // only the code is certain.
        if ($library->number('gatepass_last_error_code') !== $code) {
            $told = ['message' => $library->text('gatepass_code_message', $code) ?: $name];
        }
        $message = $told['message'];
        return match ($library->number('gatepass_code_class', $code)) {
            self::MISUSE => new InvalidArgument(
                $message,
                $told['field'] ?? '',
                $code,
                $name,
            ),
            self::REFUSED => self::refused($told, $code, $name),
            self::STORE => new StoreError(
                $message,
                $code,
                $name,
                $library->number('gatepass_code_retryable', $code) !== 0,
            ),
            default => new InternalError($message, $code, $name),
        };
    }

    /** The word for a code. */
    public static function name(Library $library, int $code): string
    {
        return $library->text('gatepass_code_name', $code) ?? "code_$code";
    }

    /** @return array<string, mixed> All that the library says of the last call of this thread that failed. */
    private static function told(Library $library): array
    {
        return [
            'message' => $library->text('gatepass_last_error') ?? '',
            'field' => $library->text('gatepass_last_error_field'),
            'reference' => $library->text('gatepass_last_error_reference'),
            'redemption' => $library->text('gatepass_last_error_redemption'),
            'same_browser' => $library->number('gatepass_last_error_same_browser'),
            'session_ended' => $library->number('gatepass_last_error_session_ended'),
            'retry_after_ms' => $library->number('gatepass_last_error_retry_after_ms'),
        ];
    }

    /** @param array<string, mixed> $told */
    private static function refused(array $told, int $code, string $name): Refused
    {
        return new Refused(
            $told['message'],
            $code,
            $name,
            Reason::fromName($name),
            ($told['reference'] ?? '') ?: null,
            ($told['redemption'] ?? '') ?: null,
            ($told['same_browser'] ?? 0) !== 0,
            ($told['session_ended'] ?? 0) !== 0,
            ($told['retry_after_ms'] ?? 0) === 0 ? null : $told['retry_after_ms'] / 1000,
        );
    }
}
