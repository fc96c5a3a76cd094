<?php

declare(strict_types=1);

namespace GatepassWhmcs;

use Gatepass\Model\AutoAuthKey;
use Gatepass\Model\AutoAuthReport;

/** Who still uses the old links, as a text. */
final class Report
{
    public static function of(AutoAuthReport $report): string
    {
        $lines = [
            'AutoAuth links are ' . ($report->enabled ? 'accepted' : 'refused') . '.',
            '',
            'Since ' . $report->since->format('Y-m-d H:i') . ' UTC:',
        ];
        foreach ($report->outcomes as $outcome => $count) {
            $lines[] = sprintf('%8d  %s', $count, $outcome === 'ok' ? 'accepted' : "right hash, but $outcome");
        }
        $lines[] = sprintf('%8d  wrong hash', $report->wrongHashes);
        array_push($lines, '', 'Keys in the store, since each was added:');
        foreach ($report->keys as $key) {
            $lines[] = '  ' . self::key($key);
        }
        if ($report->keys === []) {
            $lines[] = '  none; links by the key of configuration.php are counted above only';
        }
        return implode("\n", $lines) . "\n";
    }

    private static function key(AutoAuthKey $key): string
    {
        $time = static fn (?\DateTimeImmutable $at): string => $at?->format('Y-m-d H:i') ?? 'never';
        return implode(', ', array_filter([
            "{$key->label}: {$key->uses} links",
            'first ' . $time($key->firstUsedAt),
            'last ' . $time($key->lastUsedAt),
            $key->uses > 0 ? "{$key->leastSkewSeconds} to {$key->mostSkewSeconds} seconds old when opened" : null,
            $key->weak ? 'weak' : null,
            $key->retiredAt === null ? null : 'retired ' . $time($key->retiredAt),
        ]));
    }
}
