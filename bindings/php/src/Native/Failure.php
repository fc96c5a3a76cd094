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
    private const REFUSED = 2;
    private const STORE = 3;

    public static function of(Library $library, int $code): GatepassException
    {
        $message = $library->text('gatepass_last_error') ?? '';
        $name = self::name($library, $code);
        return match ($library->number('gatepass_code_class', $code)) {
            self::MISUSE => new InvalidArgument(
                $message,
                $library->text('gatepass_last_error_field') ?? '',
                $code,
                $name,
            ),
            self::REFUSED => self::refused($library, $message, $code, $name),
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

    private static function refused(Library $library, string $message, int $code, string $name): Refused
    {
        $wait = $library->number('gatepass_last_error_retry_after_ms');
        return new Refused(
            $message,
            $code,
            $name,
            Reason::fromName($name),
            $library->text('gatepass_last_error_reference') ?: null,
            $library->text('gatepass_last_error_redemption') ?: null,
            $library->number('gatepass_last_error_same_browser') !== 0,
            $library->number('gatepass_last_error_session_ended') !== 0,
            $wait === 0 ? null : $wait / 1000,
        );
    }
}
