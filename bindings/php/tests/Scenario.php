<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Caller;
use Gatepass\Exception\GatepassException;
use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;

/** Tells the scenario's lines to the package, as its users speak to it. */
final class Scenario
{
    public int $lines = 0;

    /** @var array<string, string> */
    private array $captured = [];

    /** @var array<string, Caller> */
    private array $callers = [];

    public function __construct(private readonly Gatepass $gate)
    {
        $this->callers['cli'] = $gate->caller('cli');
    }

    /** What came out otherwise than the line says; `null` if nothing did. */
    public function tell(string $line): ?string
    {
        $this->lines++;
        // The verb's words may hold what looks like an arrow, the outcome may not.
        [$act, $expected] = [substr($line, 0, (int) strrpos($line, ' -> ')), substr($line, strrpos($line, ' -> ') + 4)];
        try {
            [$result, $failure] = [$this->act($act), null];
        } catch (GatepassException $exception) {
            [$result, $failure] = [null, $exception];
        }
        [$code, $rest] = explode(' ', $expected, 2) + [1 => ''];
        $given = $failure === null ? 'ok' : $failure->codeName();
        if ($given !== $code) {
            return "gave $given" . ($failure === null ? '' : ": {$failure->getMessage()}");
        }
        return match (true) {
            $failure !== null => $this->compare($rest, fn (string $name) => self::ofFailure($failure, $name)),
            str_starts_with($act, 'call ') => $this->search($rest, $result),
            default => $this->compare($rest, fn (string $name) => self::ofResult($result, $name)),
        };
    }

    private function act(string $act): mixed
    {
        [$verb, $rest] = explode(' ', $act, 2) + [1 => ''];
        if ($verb === 'call') {
            [$operation, $json] = explode(' ', $rest, 2);
            $parameters = json_decode($this->fill($json), true, 512, JSON_THROW_ON_ERROR);
            $flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
            return json_encode($this->gate->call($operation, $parameters), $flags);
        }
        if ($verb === 'wait') {
            usleep((int) $rest * 1000);
            return null;
        }
        $words = [];
        foreach ($rest === '' ? [] : explode(' ', $rest) as $word) {
            [$name, $value] = explode('=', $word, 2);
            $words[$name] = $this->value($value);
        }
        $as = $words['as'] ?? null;
        unset($words['as']);
        return match ($verb) {
            'authenticate' => $this->callers[$as] = $this->gate->authenticate(...$words),
            'issue' => $this->issue($words, $as),
            'redeem' => $this->signedIn($this->gate->redeem(...self::arguments($words)), $as),
            'accept' => $this->signedIn($this->gate->acceptAutoAuth(...self::arguments($words)), $as),
            'inspect' => $this->gate->inspect(...$words),
            'session_check' => $this->gate->checkSession(...$words),
            'session_end' => $this->gate->endSession(...$words),
            'link_create' => $this->createLink($words, $as),
            'link_open' => $this->openLink($words, $as),
            'sign' => $this->signed($this->gate->signAutoAuth(...self::arguments($words)), $as),
        };
    }

    private function issue(array $words, ?string $as): object
    {
        $caller = $this->callers[$words['caller'] ?? 'cli'];
        unset($words['caller']);
        $issued = $this->gate->issue($caller, ...self::arguments($words));
        if ($as !== null) {
            $this->captured[$as] = $issued->token();
        }
        return $issued;
    }

    private function createLink(array $words, ?string $as): object
    {
        $caller = $this->callers[$words['caller'] ?? 'cli'];
        unset($words['caller']);
        $created = $this->gate->createLink($caller, ...self::arguments($words));
        if ($as !== null) {
            $this->captured[$as] = $created->link();
            $this->captured[$as . '_reference'] = $created->reference;
        }
        return $created;
    }

    private function openLink(array $words, ?string $as): object
    {
        $opened = $this->gate->openLink(...self::arguments($words));
        if ($as !== null) {
            $this->captured[$as] = $opened->token();
        }
        return $opened;
    }

    private function signedIn(object $signIn, ?string $as): object
    {
        if ($as !== null) {
            $this->captured[$as . '_session'] = (string) $signIn->session();
            $this->captured[$as . '_redemption'] = $signIn->redemption;
        }
        return $signIn;
    }

    private function signed(string $link, ?string $as): string
    {
        return $this->captured[$as] = explode('?', $link, 2)[1];
    }

    /** The fields of the C interface as arguments by name. */
    private static function arguments(array $words): array
    {
        $arguments = [];
        foreach ($words as $name => $value) {
            $argument = lcfirst(str_replace('_', '', ucwords($name, '_')));
            match ($name) {
                'life_ms' => $arguments['life'] = (int) $value / 1000,
                'uses' => $arguments['uses'] = (int) $value,
                'confirmed', 'start_session', 'end_siblings' => $arguments[$argument] = $value === '1',
                default => $arguments[$argument] = str_ends_with($name, '_id') ? (int) $value : $value,
            };
        }
        return $arguments;
    }

    private function value(string $text): string
    {
        $text = $this->fill($text);
        if (str_starts_with($text, 'repeat:')) {
            $colon = strrpos($text, ':');
            return str_repeat(rawurldecode(substr($text, 7, $colon - 7)), (int) substr($text, $colon + 1));
        }
        // What is captured holds no `%` that is a byte; a link's do stay as they are.
        return $text;
    }

    private function fill(string $text): string
    {
        $parts = preg_split('/\$(\w+)/', $text, -1, PREG_SPLIT_DELIM_CAPTURE);
        foreach ($parts as $index => &$part) {
            if ($index % 2 === 1) {
                $part = $this->captured[$part] ?? '';
            } elseif (!str_starts_with($text, '{') && !str_starts_with($text, 'repeat:')) {
                $part = preg_replace_callback('/%([0-9A-Fa-f]{2})/', static fn ($hex) => chr(hexdec($hex[1])), $part);
            }
        }
        return implode('', $parts);
    }

    /** Words `name=value` against what a result or a failure says. */
    private function compare(string $rest, callable $says): ?string
    {
        foreach ($rest === '' ? [] : explode(' ', $rest) as $word) {
            [$name, $expected] = explode('=', $word, 2);
            $given = $says($name);
            $good = match ($expected) {
                '*' => $given !== null && $given !== '' && $given !== '0',
                '-' => $given === null || $given === '' || $given === '0',
                default => $given === $this->value($expected),
            };
            if (!$good) {
                return "$name is " . var_export($given, true);
            }
        }
        return null;
    }

    private static function ofFailure(GatepassException $failure, string $name): ?string
    {
        return match (true) {
            $name === 'field' && $failure instanceof InvalidArgument => $failure->field,
            $name === 'redemption' && $failure instanceof Refused => $failure->redemption,
            $name === 'same_browser' && $failure instanceof Refused => (string) (int) $failure->sameBrowser,
            default => throw new \LogicException("$name of " . $failure::class),
        };
    }

    /** What the getter of that name in the C interface would say. */
    private static function ofResult(object $result, string $name): ?string
    {
        if ($name === 'unchecked_count') {
            return (string) count($result->unchecked);
        }
        if ($name === 'text') {
            return $result->link();
        }
        $isTime = str_ends_with($name, '_at_ms');
        $property = lcfirst(str_replace('_', '', ucwords($isTime ? substr($name, 0, -3) : $name, '_')));
        $value = method_exists($result, $property) ? $result->$property() : $result->$property;
        return match (true) {
            $value instanceof \DateTimeInterface => $value->format('Uv'),
            // The scenario speaks of the numbers in the header.
            $value instanceof \BackedEnum => (string) Header::number($name, $value),
            is_array($value) => implode(',', $value),
            is_bool($value) => (string) (int) $value,
            $value === null => null,
            default => (string) $value,
        } ?? ($name === 'refusal' ? '0' : null);
    }

    /** `contains`, `lacks` and `capture` of an answer. */
    private function search(string $rest, string $answer): ?string
    {
        $parts = preg_split('/(?:^| )(contains|lacks|capture) /', $rest, -1, PREG_SPLIT_DELIM_CAPTURE);
        for ($index = 1; $index + 1 < count($parts); $index += 2) {
            $text = $this->fill($parts[$index] === 'capture' ? $parts[$index + 1] : '{' . $parts[$index + 1]);
            if ($parts[$index] === 'capture') {
                [$name, $mark] = explode(' ', $parts[$index + 1], 2);
                $at = strpos($answer, $mark);
                if ($at === false) {
                    return "no $mark in $answer";
                }
                $start = $at + strlen($mark);
                $this->captured[$name] = substr($answer, $start, strpos($answer, '"', $start) - $start);
            } elseif (str_contains($answer, substr($text, 1)) !== ($parts[$index] === 'contains')) {
                return "{$parts[$index]} $text: $answer";
            }
        }
        return null;
    }
}
