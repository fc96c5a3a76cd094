<?php

declare(strict_types=1);

namespace Gatepass;

/** By what users and clients are listed. ASCII letters in any case are alike; those alike come by their number. */
enum OrderBy: string
{
    case Id = 'id';
    case FirstName = 'first_name';
    case LastName = 'last_name';
    case Email = 'email';
    case CreatedAt = 'created_at';
    /** Clients only, as what follows. */
    case CompanyName = 'company_name';
    case GroupId = 'group_id';
    case Status = 'status';
}
