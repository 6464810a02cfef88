//! The model checker, every scene of it.

use simulation::model::scenes;

#[test]
fn promises_1_to_4_hold_in_every_state_of_every_scene_and_every_hard_case_is_met() {
    let mut changed = Vec::new();
    for scene in scenes::ALL {
        let (name, states) = (scene.name, scene.states);
        let explored = scene.explore().unwrap();
        println!(
            "{name}: {} states, {} steps, {} deep",
            explored.states, explored.steps, explored.depth
        );
        assert_eq!(explored.broken, Vec::new(), "{name}");
        assert_eq!(explored.unmet, Vec::<&str>::new(), "{name}");
        if explored.states != states {
            changed.push(format!(
                "{name}: {states} states are {} now",
                explored.states
            ));
        }
    }
    assert!(
        changed.is_empty(),
        "pin the numbers anew, and say why: {changed:#?}"
    );
}
