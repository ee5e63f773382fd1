//! The sums over all connections.

pub const FAULTS: [&str; 6] =
    ["Pending", "errors retried", "spurious wake-ups", "short reads", "short writes", "empty calls"];

/// The sums over all connections.
#[derive(Clone, Debug, Default)]
pub struct Total {
    pub connections: u64,
    pub resets: u64,
    pub drops: u64,
    /// Bytes, in each direction.
    pub sent: [u64; 2],
    pub received: [u64; 2],
    pub lost: [u64; 2],
    pub failures: u64,
    pub faults: [u64; FAULTS.len()],
    /// How much the heap has grown, in bytes.
    pub grown: isize,
}

impl std::ops::Add for Total {
    type Output = Total;

    fn add(self, other: Total) -> Total {
        let both = |one: [u64; 2], two: [u64; 2]| [one[0] + two[0], one[1] + two[1]];
        Total {
            connections: self.connections + other.connections,
            resets: self.resets + other.resets,
            drops: self.drops + other.drops,
            sent: both(self.sent, other.sent),
            received: both(self.received, other.received),
            lost: both(self.lost, other.lost),
            failures: self.failures + other.failures,
            faults: std::array::from_fn(|i| self.faults[i] + other.faults[i]),
            grown: self.grown + other.grown,
        }
    }
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Total { connections, resets, drops, sent, received, lost, failures, faults, grown } = self;
        write!(
            f,
            "{connections} connections, {resets} reset and {drops} dropped ({failures} errors of those); \
             bytes each way: sent {sent:?} = received {received:?} + lost with a connection {lost:?}"
        )?;
        FAULTS.iter().zip(faults).try_for_each(|(name, count)| write!(f, "; {count} {name}"))?;
        write!(f, "; heap {grown:+} bytes")
    }
}
