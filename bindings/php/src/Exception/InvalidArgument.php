<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** A value that can't be used. Nothing was changed. */
final class InvalidArgument extends \InvalidArgumentException implements GatepassException
{
    use HasCodeName;

    /**
     * @param string $field The parameter or setting that is wrong, by the library's name for it, such as `client_id`.
     *
     * @internal Thrown, not made by callers.
     */
    public function __construct(
        string $message,
        public readonly string $field,
        int $code = 1001,
        string $codeName = 'invalid',
    ) {
        parent::__construct($message, $code);
        $this->codeName = $codeName;
    }

    /** @internal For what this package finds before the library is asked. */
    public static function in(string $field, string $what): self
    {
        return new self("$field: $what", $field);
    }
}
