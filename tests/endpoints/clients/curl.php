<?php

// A POST with PHP's cURL, as the public description of the API has it.

declare(strict_types=1);

$given = json_decode($argv[1], true, 8, JSON_THROW_ON_ERROR);

function tell(string $step, array $what): void
{
    echo json_encode(['step' => $step] + $what, JSON_UNESCAPED_SLASHES), "\n";
}

/** @return array{int, mixed} the status and the document */
function call(array $credential, string $action, array $parameters): array
{
    global $given;
    $handle = curl_init();
    curl_setopt($handle, CURLOPT_URL, $given['api']);
    curl_setopt($handle, CURLOPT_POST, true);
    curl_setopt($handle, CURLOPT_TIMEOUT, 30);
    curl_setopt($handle, CURLOPT_RETURNTRANSFER, true);
    $fields = ['action' => $action] + $credential + $parameters + ['responsetype' => 'json'];
    curl_setopt($handle, CURLOPT_POSTFIELDS, http_build_query($fields));
    $body = curl_exec($handle);
    if ($body === false) {
        throw new RuntimeException('cURL: ' . curl_error($handle));
    }
    return [curl_getinfo($handle, CURLINFO_RESPONSE_CODE), json_decode($body, true, 16, JSON_THROW_ON_ERROR)];
}

function refused(string $step, array $credential, array $parameters): void
{
    [$status, $answer] = call($credential, 'CreateSsoToken', $parameters);
    tell($step, ['http' => $status, 'message' => $answer['result'] === 'error' ? $answer['message'] : null]);
}

/** Where a browser is sent; it would follow. */
function land(string $step, string $url, bool $known): void
{
    $handle = curl_init($url);
    curl_setopt($handle, CURLOPT_RETURNTRANSFER, true);
    curl_exec($handle);
    $location = curl_getinfo($handle, CURLINFO_REDIRECT_URL);
    $status = $known ? ['http' => curl_getinfo($handle, CURLINFO_RESPONSE_CODE)] : [];
    tell($step, $status + ['location' => $location === '' || $location === false ? null : $location]);
}

[$status, $clients] = call($given['good'], 'GetClients', ['search' => $given['email']]);
$found = array_column($clients['clients']['client'], 'id');
tell('GetClients', ['http' => $status, 'clients' => $found]);
[$status, $token] = call($given['good'], 'CreateSsoToken', [
    'client_id' => $found[0],
    'destination' => 'clientarea:product_details',
    'service_id' => 7,
]);
tell('CreateSsoToken', ['http' => $status]);
land('landing', $token['redirect_url'], true);
land('second use', $token['redirect_url'], false);

$nowhere = ['client_id' => $given['client'], 'destination' => 'clientarea:nowhere'];
refused('unknown destination', $given['good'], $nowhere);
refused('closed client', $given['good'], ['client_id' => $given['closed']]);
refused('single sign-on off', $given['good'], ['client_id' => $given['opted_out']]);
refused('unknown client', $given['good'], ['client_id' => 999999]);
refused('nobody named', $given['good'], []);
refused('wrong secret', $given['wrong'], ['client_id' => $given['client']]);
refused('address not allowed', $given['elsewhere'], ['client_id' => $given['client']]);
