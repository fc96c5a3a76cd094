<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** WHMCS, started by its init.php. */
final class Whmcs
{
    /**
     * Call an API action in this process.
     *
     * @param array<string, int|string> $parameters
     * @throws Fault
     */
    public function call(string $action, array $parameters): Answer
    {
        $said = \localAPI($action, $parameters);
        if (!is_array($said) || ($said['result'] ?? null) !== 'success') {
            throw new Fault("$action was not answered with success" . self::why($said['message'] ?? null));
        }
        return new Answer($action, $said);
    }

    /** Whether this browser has a session, be it an admin's who looks at WHMCS as one of the users. */
    public function somebodyIsSignedIn(): bool
    {
        $current = new \WHMCS\Authentication\CurrentUser();
        // Anything but a clear no is a yes, which costs a click.
        return $current->isAuthenticatedUser() !== false || $current->isMasqueradingAdmin() !== false;
    }

    /** WHMCS's message, if it can't hold an address or a token. */
    private static function why(mixed $message): string
    {
        $safe = '/\A(?!.*[a-z0-9]{20})[a-z0-9 _.,:;()-]{1,200}\z/i';
        return is_string($message) && preg_match($safe, $message) === 1 ? ": $message" : '';
    }
}
