<?php

declare(strict_types=1);

namespace Gatepass;

use Gatepass\Model\CreatedLink;
use Gatepass\Model\LinkInspection;
use Gatepass\Model\OpenedLink;
use Gatepass\Native\Request;
use Gatepass\Native\Row;
use Gatepass\Native\Time;

/**
 * Sign-in links, for e-mail: they live for hours or days, and each use gives a token.
 *
 * @internal Part of `Gatepass`.
 */
trait SignInLinks
{
    /**
     * Make a sign-in link for a mail. `userId` or `clientId` is needed.
     *
     * @param ?int           $userId       Alone: bound to the user's client, if there is exactly one.
     * @param ?int           $clientId     Alone: its owner is signed in.
     * @param ?string        $destination  The landing page by name, such as `clientarea:product_details`.
     * @param ?int           $serviceId    For a destination that shows a service.
     * @param ?int           $domainId     For a destination that shows a domain.
     * @param ?string        $redirectPath For `sso:custom_redirect`: relative to the system URL.
     * @param int|float|null $life         Seconds, 60 to 604,800; the setting `link_life_seconds` if `null`.
     * @param int            $uses         How often it may be used: 1 to 100.
     * @param ?string        $label        What the mailing is called, for reports and to revoke all of it; 1 to 100
     *                                     bytes.
     * @param ?string        $title        What waits for the person, as the page that asks says it: `invoice 5`; 1 to
     *                                     100 bytes.
     * @param bool           $endSiblings  When it is used, all other links of the same label for the same user and
     *                                     client end. Needs a label.
     * @param ?string        $actor        On whose behalf, for the audit; at most 200 bytes.
     * @param ?string        $address      Where the call came from.
     *
     * @throws Exception\Refused `LinksNotAllowed`, or when the caller may not make one like this, or the person may
     *                           not sign in.
     * @throws Exception\InvalidArgument `user_id`, `client_id`, `destination`, `service_id`, `domain_id`,
     *                                   `redirect_path`, `life`, `uses`, `label`, `title`, `actor`, `address`.
     */
    public function createLink(
        Caller $caller,
        ?int $userId = null,
        ?int $clientId = null,
        ?string $destination = null,
        ?int $serviceId = null,
        ?int $domainId = null,
        ?string $redirectPath = null,
        int|float|null $life = null,
        int $uses = 1,
        ?string $label = null,
        ?string $title = null,
        bool $endSiblings = false,
        ?string $actor = null,
        ?string $address = null,
    ): CreatedLink {
        $request = Request::of($this->library, [
            'user_id' => $userId,
            'client_id' => $clientId,
            'destination' => $destination,
            'service_id' => $serviceId,
            'domain_id' => $domainId,
            'redirect_path' => $redirectPath,
            'life' => Time::toMs('life', $life),
            'uses' => $uses,
            'label' => $label,
            'title' => $title,
            'end_siblings' => $endSiblings,
            'actor' => $actor,
            'address' => $address,
        ]);
        return CreatedLink::fromHandle($this->library, $this->library->make(
            'created_link',
            'gatepass_link_create',
            $this->store->pointer(),
            $caller->pointer(),
            $request->pointer(),
        ));
    }

    /**
     * Spend a use of a link for a token: as many calls succeed as the link has uses, whatever the number of processes
     * that try. For a page that a person confirmed; what programs that look into mailboxes fetch must only inspect.
     *
     * @param string  $link    Its text or its whole URL, as the browser brought it.
     * @param ?string $address The browser's network address.
     *
     * @throws Exception\Refused `LinkUnknown`, `LinkUsed`, `LinkRevoked`, `LinkSuperseded`, `LinkOutdated`,
     *                           `LinkNotYetValid`, `LinkExpired`, what became of the credential or of what it may do,
     *                           `LandingNotAllowed`, why the person may not sign in.
     * @throws Exception\InvalidArgument `link`, `address`.
     * @throws Exception\StoreError `indeterminate` means that the use may be spent and nobody has the token.
     */
    public function openLink(#[\SensitiveParameter] string $link, ?string $address = null): OpenedLink
    {
        $request = Request::of($this->library, ['link' => $link, 'address' => $address]);
        return OpenedLink::fromHandle(
            $this->library,
            $this->library->make('opened_link', 'gatepass_link_open', $this->store->pointer(), $request->pointer()),
        );
    }

    /**
     * Tell where a link stands, using nothing: for pages that answer GET, HEAD and link scanners. A link that is used
     * up or expired is no exception.
     *
     * @param string $link Its text, its whole URL or its public name.
     *
     * @throws Exception\Refused `LinkUnknown`.
     * @throws Exception\InvalidArgument `link`, `address`.
     */
    public function inspectLink(#[\SensitiveParameter] string $link, ?string $address = null): LinkInspection
    {
        return LinkInspection::fromRow(Row::of($this->call('link.inspect', ['link' => $link, 'address' => $address])));
    }
}
