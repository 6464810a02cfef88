//! What customers do: behaviors of the simulated Alipay, each with its weight.

/// Behaviors with their weights. A behavior is the four digits behind `28` of a payment code; see
/// the simulator's README.
#[derive(Clone, Debug)]
pub struct Mix {
    weighted: Vec<(&'static str, u32)>,
}

impl Mix {
    /// These behaviors with these weights.
    pub fn new(weighted: Vec<(&'static str, u32)>) -> Self {
        Self { weighted }
    }

    /// Every customer pays at once, and Alipay answers.
    pub fn smooth() -> Self {
        Self::new(vec![("0000", 1)])
    }

    /// A lunch hour with everything that goes wrong: half of the sales smooth; PINs, refusals,
    /// notifications that are late, doubled or missing, lost and broken answers, cancels in doubt.
    pub fn rough() -> Self {
        Self::new(vec![
            ("0000", 50),
            ("0101", 6),
            ("0102", 4),
            ("0112", 3),
            ("0199", 2),
            ("0201", 5),
            ("0203", 1),
            ("0301", 4),
            ("0302", 3),
            ("0304", 1),
            ("0306", 4),
            ("0307", 2),
            ("0401", 6),
            ("0402", 2),
            ("0403", 1),
            ("0404", 2),
            ("0405", 1),
            ("0406", 1),
            ("0501", 1),
            ("0504", 2),
            ("0506", 1),
            ("0601", 1),
            ("0603", 1),
            ("0604", 2),
        ])
    }

    pub(super) fn draw(&self, dice: &mut fastrand::Rng) -> &'static str {
        let total: u32 = self.weighted.iter().map(|(_, weight)| weight).sum();
        let mut left = dice.u32(..total.max(1));
        for (behavior, weight) in &self.weighted {
            if left < *weight {
                return behavior;
            }
            left = left.saturating_sub(*weight);
        }
        "0000"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_behavior_comes_as_often_as_its_weight_says() {
        let mix = Mix::new(vec![("0000", 3), ("0401", 1)]);
        let mut dice = fastrand::Rng::with_seed(1);
        let drawn = (0..4_000).map(|_| mix.draw(&mut dice));
        let lost = drawn.filter(|behavior| *behavior == "0401").count();
        assert!((900..1_100).contains(&lost), "{lost}");
    }
}
