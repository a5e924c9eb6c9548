//! A month of unattended nights on twelve simulated servers, as a calendar: `cargo bench --bench month`.
//!
//! `tests/month` holds what is printed to what it must be.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", reconcile_support::month::play()?.calendar);
    Ok(())
}
