use super::*;
use crate::audit::score::score;

fn plan(models: &[Model], shadows: u32, jobs: usize) -> Plan {
    let contenders = models.iter().map(|m| Contender::new(&Config::default(), *m)).collect();
    Plan { contenders, shadows, seed: 7, view: View::Snapshots, jobs }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let go = |jobs| {
        let mut books = 0;
        let out = run(&plan(&[Model::Linear], 40, jobs), &mut |_, known| books = known.len());
        assert_eq!(books, 12);
        out.into_iter().map(|o| (o.scenario.number, o.truth, o.filled)).collect::<Vec<_>>()
    };
    assert_eq!(go(1), go(3));
}

/// The audit tells good models from bad ones, with room to spare: a model that is broken on
/// purpose misses the bound, each bracket is on its side of the truth.
#[test]
fn broken_models_miss_the_bound_and_brackets_enclose_the_truth() {
    let models = [Model::Skellam, Model::RiskAverse, Model::Through, Model::Touch];
    let out = run(&plan(&models, 300, 2), &mut |_, _| {});
    let [skellam, averse, through, touch] = [0, 1, 2, 3].map(|m| score(&out, m));
    assert!(out.iter().all(|o| o.refused == [0; 4]));
    for broken in [&averse, &through, &touch] {
        assert!(broken.rms.value - broken.rms.ci95 > BOUND_PP, "{:?}", broken.rms);
    }
    assert!(skellam.rms.value + skellam.rms.ci95 < averse.rms.value, "{:?}", skellam.rms);
    assert!(averse.rms.value < through.rms.value && through.rms.value < touch.rms.value);
    for (low, high) in through.rows.iter().zip(&touch.rows) {
        for h in 0..5 {
            assert!(low.bias[h].value <= 0.0 && high.bias[h].value >= 0.0, "{low:?} {high:?}");
        }
    }
}

#[test]
fn seeing_best_prices_helps_and_refuses_nothing() {
    let go = |view| {
        let out = run(&Plan { view, ..plan(&[Model::RiskAverse], 200, 2) }, &mut |_, _| {});
        assert!(out.iter().all(|o| o.refused == [0]));
        score(&out, 0).rms.value
    };
    assert!(go(View::Bbo) < go(View::Snapshots));
}
