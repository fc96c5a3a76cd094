<?php

declare(strict_types=1);

namespace GatepassWhmcs;

use Gatepass\AccountChange;
use Gatepass\Exception\GatepassException;
use Gatepass\Gatepass;

/**
 * Puts a sign-in link into the mails about an invoice, and ends the links of whoever changes address or password.
 *
 * Nothing that goes wrong here keeps WHMCS from what it is doing: the mail goes out without a link, and the reason is
 * in PHP's error log.
 */
final class MailLinks
{
    /** The templates about an invoice: of these `relid` is the invoice's id. Add your own. */
    private const MAILS = [
        'Invoice Created',
        'Invoice Payment Reminder',
        'First Invoice Overdue Notice',
        'Second Invoice Overdue Notice',
        'Third Invoice Overdue Notice',
    ];

    /** Three days, and a few clicks: people come back to a mail until the invoice is paid. */
    private const LIFE = 3 * 86_400;
    private const USES = 3;

    /** @param string $whmcs The folder of WHMCS, in which `gatepass/` stands. */
    public function __construct(private readonly string $whmcs)
    {
    }

    /**
     * The merge fields for one mail: `gatepass_invoice_link`, or none.
     *
     * @param array<string, mixed> $mail What `EmailPreSend` tells.
     * @return array<string, string>
     */
    public function fields(array $mail): array
    {
        $name = $mail['messagename'] ?? null;
        if (!in_array($name, self::MAILS, true)) {
            return [];
        }
        $link = $this->guarded(function (Gatepass $gate, Config $config) use ($mail, $name): string {
            $whmcs = new Whmcs();
            $invoice = (new Answer('EmailPreSend', $mail))->id('relid');
            $client = $whmcs->call('GetInvoice', ['invoiceid' => $invoice])->id('userid');
            $owner = Client::ownerOf($client, $whmcs);
            self::refuseCopies($client, $whmcs);
            return $gate->createLink(
                $gate->caller($config->mailCredential),
                userId: $owner,
                clientId: $client,
                destination: 'sso:custom_redirect',
                redirectPath: "viewinvoice.php?id=$invoice",
                life: self::LIFE,
                uses: self::USES,
                label: $name,
                title: "invoice $invoice",
                actor: 'EmailPreSend',
            )->url();
        });
        return $link === null ? [] : ['gatepass_invoice_link' => $link];
    }

    /** @param array<string, mixed> $told What `UserChangePassword` tells. */
    public function userChangedPassword(array $told): void
    {
        $this->guarded(static fn (Gatepass $gate) => $gate->links()->accountChanged(
            AccountChange::Password,
            userId: (new Answer('UserChangePassword', $told))->id('userid'),
        ));
    }

    /** @param array<string, mixed> $told What `ClientChangePassword` tells. */
    public function clientChangedPassword(array $told): void
    {
        $this->guarded(static fn (Gatepass $gate) => $gate->links()->accountChanged(
            AccountChange::Password,
            clientId: (new Answer('ClientChangePassword', $told))->id('userid'),
        ));
    }

    /** @param array<string, mixed> $told What `UserEdit` tells. */
    public function userEdited(array $told): void
    {
        if (self::hasNewAddress($told)) {
            $this->guarded(static fn (Gatepass $gate) => $gate->links()->accountChanged(
                AccountChange::Email,
                userId: (new Answer('UserEdit', $told))->id('user_id'),
            ));
        }
    }

    /** @param array<string, mixed> $told What `ClientEdit` tells. */
    public function clientEdited(array $told): void
    {
        if (self::hasNewAddress($told)) {
            $this->guarded(static fn (Gatepass $gate) => $gate->links()->accountChanged(
                AccountChange::Email,
                clientId: (new Answer('ClientEdit', $told))->id('userid'),
            ));
        }
    }

    /** Whoever gets a copy of the mail could sign in as the client's owner. */
    private static function refuseCopies(int $client, Whmcs $whmcs): void
    {
        $answer = $whmcs->call('GetContacts', ['userid' => $client, 'limitnum' => 250]);
        $contacts = $answer->rows('contacts', 'contact');
        if (count($contacts) !== $answer->whole('totalresults')) {
            throw new Fault('GetContacts: not all that was found could be read');
        }
        foreach ($contacts as $contact) {
            if ($contact->yes('invoiceemails')) {
                throw new NotSignedIn("client $client has a contact who gets a copy");
            }
        }
    }

    /** What can't be compared counts as changed: a link too few costs a log-in, one too many an account. */
    private static function hasNewAddress(array $told): bool
    {
        [$new, $old] = [$told['email'] ?? null, $told['olddata']['email'] ?? null];
        return !is_string($new) || !is_string($old) || !Address::same($new, $old);
    }

    /**
     * @template T
     * @param callable(Gatepass, Config): T $act
     * @return ?T `null` when it failed, which the log then tells without an address or a link.
     */
    private function guarded(callable $act): mixed
    {
        try {
            $config = Config::read("{$this->whmcs}/gatepass/config.php", $this->whmcs);
            return $act(Gatepass::open($config->store, actor: 'whmcs hooks'), $config);
        } catch (NotSignedIn $no) {
            error_log("gatepass mail links: none: {$no->getMessage()}");
        } catch (\Throwable $fault) {
            $safe = $fault instanceof Fault || $fault instanceof GatepassException;
            $where = basename($fault->getFile()) . ':' . $fault->getLine();
            error_log('gatepass mail links: failed: ' . $fault::class
                . ($safe ? ': ' . $fault->getMessage() : " at $where"));
        }
        return null;
    }
}
