<?php

declare(strict_types=1);

namespace Gatepass;

use Gatepass\Model\Session;
use Gatepass\Native\Json;

/**
 * The endpoints that browsers and API clients visit, and the API in this process.
 *
 * @internal Part of `Gatepass`.
 */
trait Endpoints
{
    /**
     * Run an action of the WHMCS-compatible API in this process.
     *
     * @param string               $action     `CreateSsoToken`, `GetClients`, `GetClientsDetails` or `GetUsers`, in any
     *                                         letter case.
     * @param array<string, mixed> $parameters Those of the action, such as `['client_id' => 1]`.
     * @param Caller|string        $caller     Who asks: a caller, or the label of a host credential.
     *
     * @return array<string, mixed> With `result`, which is `success` or `error`, and for an error `message`.
     *
     * @throws Exception\Refused `CredentialUnknown`, `CredentialDisabled`, for the label of a host credential.
     * @throws Exception\InvalidArgument `parameters`.
     */
    public function localApi(
        string $action,
        #[\SensitiveParameter] array $parameters = [],
        Caller|string $caller = 'cli',
    ): array {
        $asking = is_string($caller) ? $this->caller($caller) : $caller;
        return Json::read($this->document(
            'gatepass_api_call',
            $this->store->pointer(),
            $asking->pointer(),
            $action,
            Json::write($parameters),
        ));
    }

    /** Answer a request for one of the endpoints. Every failure is an answer too, with its status. */
    public function handle(Web\Request $request): Web\Response
    {
        $made = $request->toHandle($this->library);
        return Web\Response::fromHandle(
            $this->library,
            $this->library->make('web_response', 'gatepass_web_handle', $this->store->pointer(), $made->pointer()),
        );
    }

    /**
     * Who is signed in: the session whose cookie the request brings, `null` if there is none that is good. It counts as
     * a use, and the person's and client's standing are checked each time.
     *
     * @param ?Web\Request $request The request that PHP answers now if `null`.
     */
    public function signedIn(?Web\Request $request = null): ?Session
    {
        $made = ($request ?? Web\Request::current(''))->toHandle($this->library);
        try {
            $session = $this->library->make('session', 'gatepass_web_session', $this->store->pointer(), $made->pointer());
        } catch (Exception\Refused) {
            return null;
        }
        return Session::fromHandle($this->library, $session);
    }
}
