//! Where a contact's clock hangs: from the zip code, else the state, else the area code.
//!
//! Zones are IANA names. Area codes follow the North American Numbering Plan, the first three
//! digits of zip codes the Postal Service's sectional centres; where a line between zones runs
//! through one, the zone most of its people live in is given.

/// A zone and the area codes in it.
#[rustfmt::skip]
const AREA_CODES: &[(&str, &[u16])] = &[
    ("America/New_York", &[201, 202, 203, 207, 212, 215, 216, 220, 223, 227, 229, 234, 239, 240, 252, 267, 272, 276, 283, 301, 302, 304, 305, 315, 321, 324, 326, 329, 330, 332, 336, 339, 347, 351, 352, 363, 380, 386, 401, 404, 407, 410, 412, 413, 419, 423, 434, 436, 440, 443, 445, 448, 470, 472, 475, 478, 484, 502, 508, 513, 516, 518, 540, 551, 561, 567, 570, 571, 582, 585, 603, 606, 607, 609, 610, 614, 617, 624, 631, 640, 645, 646, 656, 667, 678, 680, 681, 686, 689, 703, 704, 706, 716, 717, 718, 724, 727, 728, 732, 740, 743, 754, 757, 762, 770, 771, 772, 774, 781, 786, 802, 803, 804, 813, 814, 821, 826, 828, 835, 838, 839, 843, 845, 848, 850, 854, 856, 857, 859, 860, 862, 863, 864, 865, 878, 904, 908, 910, 912, 914, 917, 919, 929, 934, 937, 941, 943, 948, 954, 959, 973, 978, 980, 984]),
    ("America/Detroit", &[231, 248, 269, 313, 517, 586, 616, 679, 734, 810, 906, 947, 989]),
    ("America/Indiana/Indianapolis", &[260, 317, 463, 574, 765, 812, 930]),
    ("America/Chicago", &[205, 210, 214, 217, 218, 219, 224, 225, 228, 235, 251, 254, 256, 262, 270, 274, 281, 308, 309, 312, 314, 316, 318, 319, 320, 325, 327, 331, 334, 337, 346, 353, 361, 364, 402, 405, 409, 414, 417, 430, 432, 447, 457, 464, 469, 471, 479, 483, 501, 504, 507, 512, 515, 531, 534, 539, 557, 563, 572, 573, 580, 601, 605, 608, 612, 615, 618, 620, 621, 629, 630, 636, 641, 651, 659, 660, 662, 682, 701, 708, 712, 713, 715, 726, 730, 731, 737, 763, 769, 773, 779, 785, 806, 815, 816, 817, 830, 832, 847, 861, 870, 872, 901, 903, 913, 918, 920, 924, 931, 936, 938, 940, 945, 952, 956, 972, 975, 979, 985]),
    ("America/Denver", &[303, 307, 385, 406, 435, 505, 575, 719, 720, 801, 915, 970, 983]),
    ("America/Boise", &[208, 986]),
    ("America/Phoenix", &[480, 520, 602, 623, 928]),
    ("America/Los_Angeles", &[206, 209, 213, 253, 279, 310, 323, 341, 350, 360, 369, 408, 415, 424, 425, 442, 458, 503, 509, 510, 530, 541, 559, 562, 564, 619, 626, 628, 650, 657, 661, 669, 702, 707, 714, 725, 738, 747, 760, 775, 805, 818, 820, 831, 837, 840, 858, 909, 916, 925, 949, 951, 971]),
    ("America/Anchorage", &[907]),
    ("Pacific/Honolulu", &[808]),
    ("America/Puerto_Rico", &[787, 939]),
    ("America/St_Thomas", &[340]),
    ("Pacific/Guam", &[670, 671]),
    ("Pacific/Pago_Pago", &[684]),
    ("America/Toronto", &[226, 249, 263, 289, 343, 354, 365, 367, 382, 416, 418, 437, 438, 450, 468, 514, 519, 548, 579, 581, 613, 647, 683, 705, 742, 753, 807, 819, 873, 905, 942]),
    ("America/Vancouver", &[236, 250, 257, 604, 672, 778]),
    ("America/Edmonton", &[368, 403, 587, 780, 825]),
    ("America/Regina", &[306, 474, 639]),
    ("America/Winnipeg", &[204, 431, 584]),
    ("America/Moncton", &[428, 506]),
    ("America/Halifax", &[782, 902]),
    ("America/St_Johns", &[709, 879]),
];

/// A state, the zone most of its people live in, and its other ones.
#[rustfmt::skip]
const STATES: &[(&str, &str, &[&str])] = &[
    ("AK", "America/Anchorage", &[]),
    ("AL", "America/Chicago", &[]),
    ("AR", "America/Chicago", &[]),
    ("AZ", "America/Phoenix", &[]),
    ("CA", "America/Los_Angeles", &[]),
    ("CO", "America/Denver", &[]),
    ("CT", "America/New_York", &[]),
    ("DC", "America/New_York", &[]),
    ("DE", "America/New_York", &[]),
    ("FL", "America/New_York", &["America/Chicago"]),
    ("GA", "America/New_York", &[]),
    ("HI", "Pacific/Honolulu", &[]),
    ("IA", "America/Chicago", &[]),
    ("ID", "America/Boise", &["America/Los_Angeles"]),
    ("IL", "America/Chicago", &[]),
    ("IN", "America/Indiana/Indianapolis", &["America/Chicago"]),
    ("KS", "America/Chicago", &["America/Denver"]),
    ("KY", "America/New_York", &["America/Chicago"]),
    ("LA", "America/Chicago", &[]),
    ("MA", "America/New_York", &[]),
    ("MD", "America/New_York", &[]),
    ("ME", "America/New_York", &[]),
    ("MI", "America/Detroit", &["America/Chicago"]),
    ("MN", "America/Chicago", &[]),
    ("MO", "America/Chicago", &[]),
    ("MS", "America/Chicago", &[]),
    ("MT", "America/Denver", &[]),
    ("NC", "America/New_York", &[]),
    ("ND", "America/Chicago", &["America/Denver"]),
    ("NE", "America/Chicago", &["America/Denver"]),
    ("NH", "America/New_York", &[]),
    ("NJ", "America/New_York", &[]),
    ("NM", "America/Denver", &[]),
    ("NV", "America/Los_Angeles", &[]),
    ("NY", "America/New_York", &[]),
    ("OH", "America/New_York", &[]),
    ("OK", "America/Chicago", &[]),
    ("OR", "America/Los_Angeles", &["America/Boise"]),
    ("PA", "America/New_York", &[]),
    ("RI", "America/New_York", &[]),
    ("SC", "America/New_York", &[]),
    ("SD", "America/Chicago", &["America/Denver"]),
    ("TN", "America/Chicago", &["America/New_York"]),
    ("TX", "America/Chicago", &["America/Denver"]),
    ("UT", "America/Denver", &[]),
    ("VA", "America/New_York", &[]),
    ("VT", "America/New_York", &[]),
    ("WA", "America/Los_Angeles", &[]),
    ("WI", "America/Chicago", &[]),
    ("WV", "America/New_York", &[]),
    ("WY", "America/Denver", &[]),
];

/// The first three digits of zip codes, from and to, and their zone.
#[rustfmt::skip]
const ZIP_PREFIXES: &[(u16, u16, &str)] = &[
    (5, 5, "America/New_York"),
    (6, 7, "America/Puerto_Rico"),
    (8, 8, "America/St_Thomas"),
    (9, 9, "America/Puerto_Rico"),
    (10, 89, "America/New_York"),
    (100, 212, "America/New_York"),
    (214, 268, "America/New_York"),
    (270, 323, "America/New_York"),
    (324, 325, "America/Chicago"),
    (326, 339, "America/New_York"),
    (341, 342, "America/New_York"),
    (344, 344, "America/New_York"),
    (346, 347, "America/New_York"),
    (349, 349, "America/New_York"),
    (350, 372, "America/Chicago"),
    (373, 374, "America/New_York"),
    (375, 375, "America/Chicago"),
    (376, 379, "America/New_York"),
    (380, 397, "America/Chicago"),
    (398, 399, "America/New_York"),
    (400, 418, "America/New_York"),
    (420, 424, "America/Chicago"),
    (425, 427, "America/New_York"),
    (430, 459, "America/New_York"),
    (460, 462, "America/Indiana/Indianapolis"),
    (463, 464, "America/Chicago"),
    (465, 475, "America/Indiana/Indianapolis"),
    (476, 477, "America/Chicago"),
    (478, 479, "America/Indiana/Indianapolis"),
    (480, 499, "America/Detroit"),
    (500, 528, "America/Chicago"),
    (530, 576, "America/Chicago"),
    (577, 577, "America/Denver"),
    (580, 585, "America/Chicago"),
    (586, 586, "America/Denver"),
    (587, 588, "America/Chicago"),
    (590, 599, "America/Denver"),
    (600, 658, "America/Chicago"),
    (660, 692, "America/Chicago"),
    (693, 693, "America/Denver"),
    (700, 797, "America/Chicago"),
    (798, 799, "America/Denver"),
    (800, 831, "America/Denver"),
    (832, 834, "America/Boise"),
    (835, 835, "America/Los_Angeles"),
    (836, 837, "America/Boise"),
    (838, 838, "America/Los_Angeles"),
    (840, 847, "America/Denver"),
    (850, 864, "America/Phoenix"),
    (865, 865, "America/Denver"),
    (870, 885, "America/Denver"),
    (889, 961, "America/Los_Angeles"),
    (967, 968, "Pacific/Honolulu"),
    (969, 969, "Pacific/Guam"),
    (970, 978, "America/Los_Angeles"),
    (979, 979, "America/Boise"),
    (980, 994, "America/Los_Angeles"),
    (995, 999, "America/Anchorage"),
];

/// The contact's zone; none when nothing tells.
pub fn find(zip: &str, state: Option<&str>, cell: &str) -> Option<&'static str> {
    if let Some(zone) = of_zip(zip) {
        return Some(zone);
    }
    let by_area = area_code(cell).and_then(of_area_code);
    let Some((_, most, others)) = state.and_then(of_state) else {
        return by_area;
    };
    // In a state of two zones the area code decides, if it belongs to that state's.
    match by_area {
        Some(zone) if others.contains(&zone) => Some(zone),
        _ => Some(most),
    }
}

/// Every zone a contact can be given.
pub fn all() -> impl Iterator<Item = &'static str> + use<> {
    let of_states = STATES
        .iter()
        .flat_map(|(_, most, others)| std::iter::once(most).chain(*others));
    AREA_CODES
        .iter()
        .map(|(zone, _)| zone)
        .chain(of_states)
        .copied()
}

/// Whether the plan has assigned this area code to a place.
pub fn is_area_code(code: u16) -> bool {
    // Toll-free and territories of two zones have no zone of their own, but are numbers.
    of_area_code(code).is_some()
        || matches!(code, 600 | 867 | 800 | 833 | 844 | 855 | 866 | 877 | 888)
}

/// Whether `code` is one of the 50 states or DC, in capitals.
pub fn is_state(code: &str) -> bool {
    of_state(code).is_some()
}

fn of_zip(zip: &str) -> Option<&'static str> {
    let digits = zip.split('-').next().unwrap_or_default();
    if digits.len() != 5 {
        return None;
    }
    let prefix: u16 = digits.get(..3)?.parse().ok()?;
    ZIP_PREFIXES
        .iter()
        .find(|(from, to, _)| (*from..=*to).contains(&prefix))
        .map(|(_, _, zone)| *zone)
}

fn of_state(state: &str) -> Option<&'static (&'static str, &'static str, &'static [&'static str])> {
    STATES.iter().find(|(name, _, _)| *name == state)
}

fn of_area_code(code: u16) -> Option<&'static str> {
    AREA_CODES
        .iter()
        .find(|(_, codes)| codes.binary_search(&code).is_ok())
        .map(|(zone, _)| *zone)
}

/// The area code of a North American number in E.164.
fn area_code(cell: &str) -> Option<u16> {
    let national = cell.strip_prefix("+1")?;
    if national.len() != 10 {
        return None;
    }
    national.get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{AREA_CODES, STATES, ZIP_PREFIXES, find};

    #[test]
    fn every_zone_is_one_the_rules_know() {
        let zones = AREA_CODES
            .iter()
            .map(|(zone, _)| zone)
            .chain(
                STATES
                    .iter()
                    .flat_map(|(_, most, others)| std::iter::once(most).chain(*others)),
            )
            .chain(ZIP_PREFIXES.iter().map(|(_, _, zone)| zone));
        for zone in zones {
            assert!(zone.parse::<chrono_tz::Tz>().is_ok(), "{zone}");
        }
        assert_eq!(STATES.len(), 51);
    }

    #[test]
    fn zip_then_state_then_area_code() {
        let cases = [
            // The zip code wins over the number somebody kept when moving.
            ("85001", None, "+12125550100", Some("America/Phoenix")),
            ("86515", Some("AZ"), "+19285550100", Some("America/Denver")),
            ("02139-1234", None, "", Some("America/New_York")),
            ("", Some("CA"), "+12125550100", Some("America/Los_Angeles")),
            // El Paso, and the rest of Texas.
            ("", Some("TX"), "+19155550100", Some("America/Denver")),
            ("", Some("TX"), "+12125550100", Some("America/Chicago")),
            ("", None, "+17095550100", Some("America/St_Johns")),
            ("2139", None, "+18085550100", Some("Pacific/Honolulu")),
            ("", None, "+15555550100", None),
            ("", None, "+442071838750", None),
        ];
        for (zip, state, cell, expected) in cases {
            assert_eq!(find(zip, state, cell), expected, "{zip} {state:?} {cell}");
        }
    }
}
