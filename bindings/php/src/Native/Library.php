<?php

declare(strict_types=1);

namespace Gatepass\Native;

use FFI;
use FFI\CData;
use FFI\CType;

/**
 * The library as it was loaded: calls its functions, with texts as pointer and length, and turns codes into exceptions.
 *
 * The FFI object never leaves this class: whoever holds it can call the library with wrong lengths, also where
 * `ffi.enable=preload` closes FFI to the script. It is in no property of the object: a cast to an array would show it.
 *
 * @internal
 */
final class Library
{
    use NotCopied;

    private static ?self $loaded = null;

    private static FFI $ffi;

    /** @var array<string, CType> Parsed once; a type by name is parsed each time. */
    private array $types = [];

    private function __construct()
    {
    }

    /** The library, loaded at the first call. */
    public static function get(): self
    {
        if (self::$loaded === null) {
            self::$ffi = Loader::load();
            self::$loaded = new self();
        }
        return self::$loaded;
    }

    /**
     * Call a function that answers with a code; anything but success is thrown.
     *
     * A text becomes pointer and length, `null` an absent text.
     */
    public function run(string $function, #[\SensitiveParameter] CData|string|int|null ...$arguments): void
    {
        $this->check(self::$ffi->$function(...self::expand($arguments)));
    }

    /**
     * Whether an AutoAuth link stands up to its key and the time; what is not a plain "no" is thrown.
     *
     * By name and without a list of arguments: the call is over so soon that those would be half of its time.
     */
    public function verifies(
        #[\SensitiveParameter] string $query,
        #[\SensitiveParameter] string $key,
        int $past,
        int $future,
    ): bool {
        $code = self::$ffi->gatepass_autoauth_verify($query, strlen($query), $key, strlen($key), $past, $future);
        if ($code === 0) {
            return true;
        }
        if (self::$ffi->gatepass_code_class($code) !== Failure::REFUSED) {
            $this->check($code);
        }
        return false;
    }

    /** Call a function that gives an object through its last parameter. */
    public function make(
        string $type,
        string $function,
        #[\SensitiveParameter] CData|string|int|null ...$arguments,
    ): Handle {
        $out = self::$ffi->new($this->types[$type] ??= self::$ffi->type("gatepass_$type*"));
        $this->check(self::$ffi->$function(...self::expand($arguments), ...[FFI::addr($out)]));
        return new Handle($this, $out, $type, $type === 'store' ? 'gatepass_store_close' : 'gatepass_free');
    }

    /** Call a function that reads a text, `null` where there is none. */
    public function text(string $function, CData|int ...$arguments): ?string
    {
        return self::$ffi->$function(...$arguments);
    }

    /** Call a function that reads a number. */
    public function number(string $function, CData|int ...$arguments): int
    {
        return self::$ffi->$function(...$arguments);
    }

    /**
     * Call a function that reads one of several, for each.
     *
     * @return list<mixed>
     */
    public function all(string $function, int $count, CData $handle): array
    {
        $all = [];
        for ($index = 0; $index < $count; $index++) {
            $all[] = self::$ffi->$function($handle, $index);
        }
        return $all;
    }

    /** Call a function that ends a handle. Its code says nothing that anybody could act on. */
    public function free(string $function, CData $pointer): void
    {
        self::$ffi->$function($pointer);
    }

    private function check(int $code): void
    {
        if ($code !== 0) {
            throw Failure::of($this, $code);
        }
    }

    /**
     * @param array<CData|string|int|null> $arguments
     * @return list<CData|string|int|null>
     */
    private static function expand(#[\SensitiveParameter] array $arguments): array
    {
        $expanded = [];
        foreach ($arguments as $argument) {
            $expanded[] = $argument;
            if ($argument === null || is_string($argument)) {
                $expanded[] = $argument === null ? 0 : strlen($argument);
            }
        }
        return $expanded;
    }

    public function __debugInfo(): array
    {
        return [];
    }
}
