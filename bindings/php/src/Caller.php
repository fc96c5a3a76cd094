<?php

declare(strict_types=1);

namespace Gatepass;

use FFI\CData;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\NotCopied;

/**
 * Who asks for tokens: the proof of an authentication, or a registered caller of this process. It can't be built from a
 * request, and what it may do is read anew each time it is used.
 */
final class Caller
{
    use NotCopied;

    /** @internal Given by `Gatepass::caller` and `Gatepass::authenticate`. */
    public function __construct(
        private readonly Library $library,
        private readonly Handle $store,
        private readonly Handle $caller,
        /** The credential that it stands for; `null` for none. */
        public readonly ?int $credentialId,
    ) {
    }

    /**
     * May this caller do this API action, from there, now? It returns if so.
     *
     * @param string  $action  Its name in lower case, such as `getclients`.
     * @param ?string $address The caller's network address, such as `203.0.113.9`.
     *
     * @throws Exception\Refused `ActionNotAllowed`, `AddressNotAllowed`, or what became of the credential.
     * @throws Exception\InvalidArgument `action` or `address`.
     * @throws Exception\StoreError
     */
    public function authorise(string $action, ?string $address = null): void
    {
        $this->library->run(
            'gatepass_caller_authorise',
            $this->store->pointer(),
            $this->caller->pointer(),
            $action,
            $address,
        );
    }

    /** @internal */
    public function pointer(): CData
    {
        return $this->caller->pointer();
    }

    public function __debugInfo(): array
    {
        return ['credentialId' => $this->credentialId];
    }
}
