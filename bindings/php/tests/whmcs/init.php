<?php

/*
 * Stands in for WHMCS's init.php: `localAPI` and `CurrentUser` by the public documentation, over a list in state.json.
 * It compares as MySQL does with a collation that ignores case, accents and blanks at the end, searches by the start of
 * several fields, gives pages of limited size, and shapes its answers in each of the ways that were seen in the wild.
 * Each call is noted in calls.jsonl beside it.
 */

declare(strict_types=1);

namespace GatepassStandIn {

    final class Whmcs
    {
        private readonly array $state;

        public function __construct(private readonly string $folder)
        {
            $this->state = json_decode(file_get_contents("$folder/state.json"), true, flags: JSON_THROW_ON_ERROR);
        }

        public function state(string $name): mixed
        {
            return $this->state[$name] ?? null;
        }

        public function call(string $action, array $values): mixed
        {
            $line = json_encode([$action, $values], JSON_THROW_ON_ERROR) . "\n";
            file_put_contents("{$this->folder}/calls.jsonl", $line, FILE_APPEND | LOCK_EX);
            switch ($this->state['fails'][$action] ?? null) {
                case 'error':
                    return ['result' => 'error', 'message' => 'SSO authentication blocked for client 1'];
                case 'telling':
                    return ['result' => 'error', 'message' => 'no such client: ann@example.com'];
                case 'null':
                    return null;
                case 'throw':
                    throw new \PDOException("SELECT 'ann@example.com'");
            }
            $answer = match ($action) {
                'GetClients' => $this->clients($values),
                'GetClientsDetails' => $this->details($values),
                'GetInvoice' => $this->invoice($values),
                'GetContacts' => $this->contacts($values),
                'CreateSsoToken' => $this->token($values),
            };
            return $this->state('types') === 'texts' ? self::texts($answer) : $answer;
        }

        /** What a collation such as utf8_general_ci compares. */
        public static function weight(string $text): string
        {
            $plain = ['é' => 'e', 'è' => 'e', 'á' => 'a', 'à' => 'a', 'ö' => 'o', 'ó' => 'o', 'ü' => 'u', 'ñ' => 'n'];
            return strtr(mb_strtolower(rtrim($text, ' '), 'UTF-8'), $plain);
        }

        private function clients(array $values): array
        {
            $wanted = self::weight($values['search'] ?? '');
            $found = [];
            foreach ($this->state['clients'] as $client) {
                $name = "{$client['firstname']} {$client['lastname']}";
                $fields = [$client['email'], $client['firstname'], $client['lastname'], $name, $client['companyname']];
                foreach ($fields as $field) {
                    if (str_starts_with(self::weight($field), $wanted)) {
                        unset($client['owner']);
                        $found[] = $client + ['datecreated' => '2020-01-01', 'groupid' => 0];
                        break;
                    }
                }
            }
            $start = $values['limitstart'] ?? 0;
            $page = array_slice($found, $start, min($values['limitnum'] ?? 25, $this->state('page') ?? 25));
            return [
                'result' => 'success',
                'totalresults' => $this->state('total') ?? count($found),
                'startnumber' => $start,
                'numreturned' => count($page),
            ] + $this->listed($page);
        }

        private function listed(array $page): array
        {
            $one = count($page) === 1;
            return match ($this->state('lists') ?? 'nested') {
                'nested' => ['clients' => ['client' => $page]],
                'flat' => ['clients' => $page],
                'numbered' => ['clients' => ['client' => array_combine(array_map(
                    static fn ($at) => $at + 1,
                    array_keys($page),
                ), $page)]],
                'object' => ['clients' => json_decode(json_encode(['client' => (object) $page]))],
                'single' => ['clients' => ['client' => $one ? $page[0] : $page]],
                'missing' => $page === [] ? [] : ['clients' => ['client' => $page]],
                'text' => ['clients' => $page === [] ? '' : ['client' => $one ? $page[0] : $page]],
                'inner text' => ['clients' => ['client' => $page === [] ? '' : $page]],
                'nonsense' => ['clients' => ['client' => ['x' => $page]]],
                'no ids' => ['clients' => ['client' => array_map(static fn ($row) => ['id' => 'x'] + $row, $page)]],
            };
        }

        private function details(array $values): array
        {
            foreach ($this->state['clients'] as $client) {
                if ($client['id'] === $values['clientid']) {
                    $owner = $client['owner'];
                    $users = [
                        ['id' => 900, 'name' => 'Bob', 'email' => 'bob@example.com', 'is_owner' => false],
                        ['id' => $owner['id'], 'name' => 'Owner', 'email' => $owner['email'], 'is_owner' => true],
                    ];
                    unset($client['owner']);
                    $ids = ['client_id' => $client['id'], 'userid' => $client['id'], 'owner_user_id' => $owner['id']];
                    if ($this->state('owners') === 2) {
                        $users[0]['is_owner'] = true;
                    }
                    $told = ($this->state('details') ?? []) + $client + $ids + ['users' => ['user' => $users]];
                    return ['result' => 'success', 'client' => $told];
                }
            }
            return ['result' => 'error', 'message' => 'Client Not Found'];
        }

        /** The invoices 5 and 6 are client 1's. */
        private function invoice(array $values): array
        {
            return in_array($values['invoiceid'], [5, 6], true)
                ? ['result' => 'success', 'invoiceid' => $values['invoiceid'], 'userid' => 1, 'status' => 'Unpaid']
                : ['result' => 'error', 'message' => 'Invoice ID Not Found'];
        }

        private function contacts(array $values): array
        {
            $contacts = $this->state('contacts') ?? [];
            return [
                'result' => 'success',
                'totalresults' => $this->state('total contacts') ?? count($contacts),
                'startnumber' => 0,
                'numreturned' => count($contacts),
                'contacts' => $contacts === [] ? [] : ['contact' => $contacts],
            ];
        }

        private function token(array $values): array
        {
            $token = bin2hex(random_bytes(20));
            $url = $this->state('redirect') ?? 'https://billing.example.com/whmcs/oauth/singlesignon.php?access_token=';
            return ['result' => 'success', 'access_token' => $token, 'redirect_url' => $url . $token];
        }

        /** Numbers and flags as texts, as PHP over MySQL likes to give them. */
        private static function texts(mixed $value): mixed
        {
            return match (true) {
                is_array($value) => array_map(self::texts(...), $value),
                is_bool($value) => $value ? '1' : '',
                is_int($value) => (string) $value,
                default => $value,
            };
        }
    }
}

namespace WHMCS\Authentication {

    final class CurrentUser
    {
        public function isAuthenticatedUser(): mixed
        {
            return $GLOBALS['standIn']->state('signedIn') ?? false;
        }

        public function isMasqueradingAdmin(): mixed
        {
            return $GLOBALS['standIn']->state('masquerading') ?? false;
        }
    }
}

namespace {

    function localAPI(string $command, array $values = [], string $adminUsername = ''): mixed
    {
        return $GLOBALS['standIn']->call($command, $values);
    }

    $standIn = new GatepassStandIn\Whmcs(__DIR__);
    // What a busy init.php may do to names, headers and output.
    [$request, $response, $page, $config] = ['taken', 'taken', 'taken', 'taken'];
    $_SERVER['QUERY_STRING'] = $_GET['email'] = 'changed';
    $_POST = [];
    echo 'printed by init.php';
    header('Cache-Control: private');
    header('Location: https://elsewhere.example/');
    setcookie('WHMCSstandin', '1');
    ob_start();
    echo 'printed by init.php';
}
