//! Many runs at once.

use tempfile::TempDir;

use super::{House, project};
use crate::support::one_at_a_time;

#[test]
fn runs_at_the_same_time_all_succeed() {
    let _building = one_at_a_time();
    for count in [2, 4] {
        let house = House::cold();
        // The last two share a project and its target folder too.
        let projects: Vec<TempDir> = (1..count).map(|_| project()).collect();
        let folders = projects.iter().chain(projects.last());
        std::thread::scope(|scope| {
            for folder in folders {
                scope.spawn(|| house.heals(folder.path()));
            }
        });
    }
}
