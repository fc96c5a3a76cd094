<?php

declare(strict_types=1);

namespace Gatepass;

use Gatepass\Exception\InvalidArgument;
use Gatepass\Model\Inspection;
use Gatepass\Model\Issued;
use Gatepass\Model\Session;
use Gatepass\Model\SignIn;
use Gatepass\Native\DocumentRoot;
use Gatepass\Native\Handle;
use Gatepass\Native\Json;
use Gatepass\Native\Library;
use Gatepass\Native\NotCopied;
use Gatepass\Native\Options;
use Gatepass\Native\Request;
use Gatepass\Native\Time;

/**
 * An open store: issues single-use sign-on tokens and redeems them.
 *
 * Besides the exceptions that each method names, each throws `Exception\StoreError` when the store can't answer and
 * `Exception\InternalError` for a fault of the library: nobody may be let in then. Texts are UTF-8. Times are
 * `DateTimeImmutable` in UTC to the millisecond, durations seconds, ids integers greater than 0, and `null` stands for
 * "not given".
 */
final class Gatepass
{
    use Endpoints;
    use Nouns;
    use NotCopied;
    use SignInLinks;

    private function __construct(private readonly Library $library, private readonly Handle $store)
    {
    }

    /**
     * Open an existing store.
     *
     * @param string         $path           The store's file, outside of the document root, or the URL of a shared one.
     * @param int|float|null $deadline       Seconds that a call may wait for other users of the store; 10 if `null`.
     * @param ?string        $sealingKeyFile The file with the key that opens AutoAuth keys; not in the store's folder.
     * @param ?string        $sealingKey     That key itself, for hosts that keep it elsewhere; it goes before the file.
     * @param ?string        $actor          Who makes changes, for the audit; at most 200 bytes.
     * @param bool           $kept           Keep the store open in this process after this object is gone, so that the
     *                                       next request of a php-fpm worker opens it in no time. Say `false` in a
     *                                       process that forks.
     *
     * @throws InvalidArgument `path`, `deadline`, `sealing_key`, `actor`.
     * @throws Exception\StoreError For each thing that can be wrong with the file.
     * @throws Exception\StoreInDocumentRoot
     * @throws Exception\FfiClosed|Exception\LibraryNotFound|Exception\LibraryMismatch
     */
    public static function open(
        #[\SensitiveParameter] string $path,
        int|float|null $deadline = null,
        ?string $sealingKeyFile = null,
        #[\SensitiveParameter] ?string $sealingKey = null,
        ?string $actor = null,
        bool $kept = true,
    ): self {
        DocumentRoot::refuse($path);
        $library = Library::get();
        $options = Options::of($library, $deadline, $sealingKeyFile, $sealingKey, $actor);
        $open = $kept ? 'gatepass_store_open_kept' : 'gatepass_store_open';
        return new self($library, $library->make('store', $open, $path, $options->pointer()));
    }

    /**
     * Make a new store and open it. Nothing may stand at the path.
     *
     * @param string $path          The store's file, whose folder must be there and writable, or the URL of a shared one.
     * @param Mode   $mode          Where users and clients live.
     * @param string $systemUrl     The address of the system that people are signed in to; https, or http on this
     *                              machine.
     * @param bool   $groupWritable Let the file's group read and write it (mode 0660 instead of 0600).
     *
     * The other parameters are those of `open`; the store is not kept.
     *
     * @throws InvalidArgument `path`, `system_url`, or as for `open`.
     * @throws Exception\StoreError `store_exists`, or as for `open`.
     * @throws Exception\StoreInDocumentRoot
     * @throws Exception\FfiClosed|Exception\LibraryNotFound|Exception\LibraryMismatch
     */
    public static function init(
        #[\SensitiveParameter] string $path,
        Mode $mode,
        string $systemUrl,
        bool $groupWritable = false,
        int|float|null $deadline = null,
        ?string $sealingKeyFile = null,
        #[\SensitiveParameter] ?string $sealingKey = null,
        ?string $actor = null,
    ): self {
        DocumentRoot::refuse($path);
        $library = Library::get();
        $options = Options::of($library, $deadline, $sealingKeyFile, $sealingKey, $actor);
        return new self($library, $library->make(
            'store',
            'gatepass_store_init',
            $path,
            $mode->number(),
            $systemUrl,
            (int) $groupWritable,
            $options->pointer(),
        ));
    }

    /**
     * Let all kept stores of this process go: before a `pcntl_fork`, or to give files free. One that an object still
     * uses is closed with that object.
     *
     * @throws Exception\FfiClosed|Exception\LibraryNotFound|Exception\LibraryMismatch
     */
    public static function closeKept(): void
    {
        Library::get()->run('gatepass_store_close_kept');
    }

    /** Close the store; a kept one stays open behind it. What is used afterwards throws `Exception\Closed`. */
    public function close(): void
    {
        $this->store->free();
    }

    /**
     * The registered host credential of a label, for code in this process.
     *
     * @param string $label Such as `cli`, which every store has.
     *
     * @throws Exception\Refused `CredentialUnknown`, `CredentialDisabled`.
     */
    public function caller(string $label = 'cli'): Caller
    {
        return $this->callerOf($this->library->make('caller', 'gatepass_caller_host', $this->store->pointer(), $label));
    }

    /**
     * Authenticate a calling system. A right secret always succeeds, whatever others did.
     *
     * @param string  $identifier `GPI` and 29 more characters.
     * @param string  $secret     `GPS` and 29 more characters.
     * @param ?string $address    The caller's network address. A credential bound to addresses is refused without one.
     *
     * @throws Exception\Refused `AuthenticationFailed` for unknown, wrong, revoked and expired alike;
     *                           `AddressNotAllowed`.
     * @throws InvalidArgument `address`.
     */
    public function authenticate(
        string $identifier,
        #[\SensitiveParameter] string $secret,
        ?string $address = null,
    ): Caller {
        return $this->callerOf($this->library->make(
            'caller',
            'gatepass_caller_authenticate',
            $this->store->pointer(),
            $identifier,
            $secret,
            $address,
        ));
    }

    /**
     * Issue a token for a person. `userId` or `clientId` is needed.
     *
     * @param ?int           $userId       Alone: bound to the user's client, if there is exactly one.
     * @param ?int           $clientId     Alone: its owner is signed in.
     * @param ?string        $destination  The landing page by name, such as `clientarea:product_details`.
     * @param ?int           $serviceId    For a destination that shows a service.
     * @param ?int           $domainId     For a destination that shows a domain.
     * @param ?string        $redirectPath For `sso:custom_redirect`: relative to the system URL.
     * @param int|float|null $life         Seconds, 0.001 to 60; 60 if `null`.
     * @param ?string        $binding      The value of a cookie that the redeeming site set before: only that browser
     *                                     may redeem the token.
     * @param ?string        $actor        On whose behalf, for the audit; at most 200 bytes.
     * @param ?string        $address      Where the call came from.
     *
     * @throws Exception\Refused When the caller may not, or the person may not sign in.
     * @throws InvalidArgument `user_id`, `client_id`, `destination`, `service_id`, `domain_id`, `redirect_path`,
     *                         `life`, `binding`, `actor`, `address`.
     */
    public function issue(
        Caller $caller,
        ?int $userId = null,
        ?int $clientId = null,
        ?string $destination = null,
        ?int $serviceId = null,
        ?int $domainId = null,
        ?string $redirectPath = null,
        int|float|null $life = null,
        #[\SensitiveParameter] ?string $binding = null,
        ?string $actor = null,
        ?string $address = null,
    ): Issued {
        $request = Request::of($this->library, [
            'user_id' => $userId,
            'client_id' => $clientId,
            'destination' => $destination,
            'service_id' => $serviceId,
            'domain_id' => $domainId,
            'redirect_path' => $redirectPath,
            'life' => Time::toMs('life', $life),
            'binding' => $binding,
            'actor' => $actor,
            'address' => $address,
        ]);
        return Issued::fromHandle($this->library, $this->library->make(
            'issued',
            'gatepass_token_issue',
            $this->store->pointer(),
            $caller->pointer(),
            $request->pointer(),
        ));
    }

    /**
     * Spend a token: at most one call ever succeeds for each, whatever the number of processes that try.
     *
     * @param string  $token        As the browser brought it.
     * @param ?string $session      The session that this browser holds already, so that a second click is told apart
     *                              from a theft.
     * @param bool    $confirmed    Whether a person confirmed it, or nobody needed to. What is not confirmed never
     *                              counts as a replay.
     * @param bool    $startSession Whether to start a session of the library's own.
     * @param ?string $binding      The cookie that the token is bound to.
     * @param ?string $address      The browser's network address.
     *
     * @throws Exception\Refused `TokenUnknown`, `TokenRedeemed` (`redemption` and `sameBrowser` say more),
     *                           `TokenRevoked`, `TokenNotYetValid`, `TokenExpired`, what became of the credential, why
     *                           the person may not sign in, `BrowserMismatch`.
     * @throws InvalidArgument `token`, `session`, `binding`, `address`.
     * @throws Exception\StoreError `indeterminate` means that the token may be spent and nobody is signed in.
     */
    public function redeem(
        #[\SensitiveParameter] string $token,
        #[\SensitiveParameter] ?string $session = null,
        bool $confirmed = true,
        bool $startSession = true,
        #[\SensitiveParameter] ?string $binding = null,
        ?string $address = null,
    ): SignIn {
        $request = Request::of($this->library, [
            'token' => $token,
            'session' => $session,
            'confirmed' => $confirmed,
            'start_session' => $startSession,
            'binding' => $binding,
            'address' => $address,
        ]);
        return SignIn::fromHandle(
            $this->library,
            $this->library->make('sign_in', 'gatepass_token_redeem', $this->store->pointer(), $request->pointer()),
        );
    }

    /**
     * Tell where a token stands, spending nothing: for pages that answer GET, HEAD and link scanners. A token that is
     * spent or expired is no exception.
     *
     * @throws Exception\Refused `TokenUnknown`.
     * @throws InvalidArgument `token`, `address`.
     */
    public function inspect(#[\SensitiveParameter] string $token, ?string $address = null): Inspection
    {
        $request = Request::of($this->library, ['token' => $token, 'address' => $address]);
        return Inspection::fromHandle(
            $this->library,
            $this->library->make('inspection', 'gatepass_token_inspect', $this->store->pointer(), $request->pointer()),
        );
    }

    /**
     * Is a session good now? It counts as a use.
     *
     * @param string $session The value of the browser's cookie.
     *
     * @throws Exception\Refused `SessionUnknown`, `SessionEnded`, `SessionExpired`, `SessionIdle`, or why the person
     *                           may not be signed in any more.
     * @throws InvalidArgument `session`, `address`.
     */
    public function checkSession(#[\SensitiveParameter] string $session, ?string $address = null): Session
    {
        $request = Request::of($this->library, ['session' => $session, 'address' => $address]);
        return Session::fromHandle(
            $this->library,
            $this->library->make('session', 'gatepass_session_check', $this->store->pointer(), $request->pointer()),
        );
    }

    /**
     * End a session, for good. One that is over already is no exception.
     *
     * @param string $session The value of the browser's cookie.
     *
     * @throws Exception\Refused `SessionUnknown`.
     * @throws InvalidArgument `session`, `address`.
     */
    public function endSession(#[\SensitiveParameter] string $session, ?string $address = null): void
    {
        $request = Request::of($this->library, ['session' => $session, 'address' => $address]);
        $this->library->run('gatepass_session_end', $this->store->pointer(), $request->pointer());
    }

    /**
     * Accept an AutoAuth link, once, whatever its spelling: by `query`, or by the decoded fields.
     *
     * @param ?string $query        The raw query string, with or without `?`; it goes before the fields.
     * @param ?string $timestamp    Ten digits, as they came.
     * @param ?string $hash         40 hex characters, as they came.
     * @param ?string $key          The AutoAuth key; the stored ones are tried if `null`.
     * @param ?string $session      The session that this browser holds already.
     * @param bool    $startSession Whether to start a session of the library's own.
     * @param ?string $address      The browser's network address.
     *
     * @throws Exception\Refused When AutoAuth is off, the hash fits no key, the link is too old, too new or used, or
     *                           its address names nobody, several, or one who may not sign in.
     * @throws InvalidArgument `query`, `email`, `timestamp`, `hash`, `goto`, `address`.
     */
    public function acceptAutoAuth(
        #[\SensitiveParameter] ?string $query = null,
        ?string $email = null,
        ?string $timestamp = null,
        #[\SensitiveParameter] ?string $hash = null,
        ?string $goto = null,
        #[\SensitiveParameter] ?string $key = null,
        #[\SensitiveParameter] ?string $session = null,
        bool $startSession = true,
        ?string $address = null,
    ): SignIn {
        $request = Request::of($this->library, [
            'query' => $query,
            'email' => $email,
            'timestamp' => $timestamp,
            'hash' => $hash,
            'goto' => $goto,
            'key' => $key,
            'session' => $session,
            'start_session' => $startSession,
            'address' => $address,
        ]);
        return SignIn::fromHandle(
            $this->library,
            $this->library->make('sign_in', 'gatepass_autoauth_accept', $this->store->pointer(), $request->pointer()),
        );
    }

    /**
     * Whether an AutoAuth link is well-formed, was made with that key, and its time is near enough to the clock.
     *
     * **It makes no link single-use and looks nobody up**: whoever has seen a link passes with it again until its time
     * is over, and `goto` is not judged. To sign somebody in, accept the link: `acceptAutoAuth`. It needs no store.
     *
     * @param string $query  The raw query string, with or without `?`.
     * @param string $key    The key that it must have been made with.
     * @param int    $past   How many seconds old it may be.
     * @param int    $future How many seconds its time may lie ahead of this clock.
     *
     * @throws InvalidArgument `key`, `past_seconds`, `future_seconds`.
     * @throws Exception\FfiClosed|Exception\LibraryNotFound|Exception\LibraryMismatch
     */
    public static function verifyAutoAuth(
        #[\SensitiveParameter] string $query,
        #[\SensitiveParameter] string $key,
        int $past = 900,
        int $future = 900,
    ): bool {
        try {
            return Library::get()->verifies($query, $key, $past, $future);
        } catch (InvalidArgument $invalid) {
            if (in_array($invalid->field, ['query', 'email', 'timestamp', 'hash', 'goto'], true)) {
                return false;
            }
            throw $invalid;
        }
    }

    /**
     * Build an AutoAuth link by the documented formula, signed for now.
     *
     * @param string  $email    Whom it signs in.
     * @param ?string $goto     Where it lands, relative to the system URL.
     * @param ?string $key      The AutoAuth key, or
     * @param ?string $keyLabel the stored key's label.
     *
     * @return string The whole link. It lets its bearer in: no log may see it.
     *
     * @throws Exception\Refused `KeyUnknown`, `SealingKeyMissing`, `SealingKeyWrong`.
     * @throws InvalidArgument `email`, `goto`, `key`.
     */
    public function signAutoAuth(
        string $email,
        ?string $goto = null,
        #[\SensitiveParameter] ?string $key = null,
        ?string $keyLabel = null,
    ): string {
        $request = Request::of(
            $this->library,
            ['email' => $email, 'goto' => $goto, 'key' => $key, 'key_label' => $keyLabel],
        );
        return $this->document('gatepass_autoauth_sign', $this->store->pointer(), $request->pointer());
    }

    /**
     * Run a management operation by its name; the methods by noun, such as `users()->add(…)`, are the usual way.
     *
     * @param string               $operation  Such as `user.add`.
     * @param array<string, mixed> $parameters As in docs/operations.md: times as RFC 3339 in UTC, durations whole
     *                                         seconds. An empty JSON object inside is `new \stdClass()`.
     *
     * @return mixed The answer: arrays, texts, numbers. That of `credential.create` holds a secret.
     *
     * @throws Exception\Refused What the operation says.
     * @throws InvalidArgument `operation`, `parameters`, or the parameter that is wrong.
     */
    public function call(string $operation, #[\SensitiveParameter] array $parameters = []): mixed
    {
        $json = Json::write($parameters);
        return Json::read($this->document('gatepass_call', $this->store->pointer(), $operation, $json));
    }

    private function callerOf(Handle $caller): Caller
    {
        $credential = $this->library->number('gatepass_caller_credential_id', $caller->pointer());
        return new Caller($this->library, $this->store, $caller, $credential ?: null);
    }

    private function document(string $function, #[\SensitiveParameter] mixed ...$arguments): string
    {
        $document = $this->library->make('document', $function, ...$arguments);
        return $this->library->text('gatepass_document_text', $document->pointer()) ?? '';
    }

    public function __debugInfo(): array
    {
        return ['open' => $this->store->isOpen()];
    }
}
