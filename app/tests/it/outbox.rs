//! Exactly one text a click: whatever dies, and wherever it dies.

use std::time::Duration;

use carrier::plan::{Fault, Outage, Rule};
use serde_json::json;
use spoke::texting::{reconcile, settle};

use crate::app::TestApp;
use crate::builders::Texting;
use crate::carrier::{app_with_carrier, counts};

/// Begins to send, and dies once `is_time`: the future is dropped, as a process would.
async fn die_while_sending(app: &TestApp, texting: &Texting, is_time: impl Future<Output = ()>) {
    tokio::select! {
        answer = app.send_first(texting, texting.contacts[0]) => panic!("it came through: {answer:?}"),
        () = is_time => {}
    }
}

#[tokio::test]
async fn killed_before_the_carrier_took_it_sends_it_once() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(1).await;
    carrier.fault_next(Fault::HoldBefore);
    die_while_sending(&app, &texting, carrier.wait_asked(1)).await;
    assert_eq!(app.states().await, "SENDING 0 1");
    // Too early to tell: the request may still be on its way.
    let round = || reconcile::unknown_texts(&app.app, Duration::from_secs(5));
    assert_eq!(round().await.unwrap(), reconcile::Reconciled::default());
    app.advance(Duration::from_secs(181));
    assert_eq!(round().await.unwrap().waiting, 1);
    assert_eq!(app.states().await, "QUEUED 0 1");
    app.settle(&carrier).await;
    assert_eq!(app.states().await, "DELIVERED 0 2");
    assert_eq!(carrier.texts().len(), 1);
    assert_eq!(app.status(texting.contacts[0]).await, "messaged");
}

#[tokio::test]
async fn killed_after_the_carrier_took_it_never_sends_again() {
    let (app, carrier) = app_with_carrier(&[]).await;
    carrier.set_plan(|plan| plan.reports = false);
    let texting = app.texting(1).await;
    carrier.fault_next(Fault::HoldAfter);
    die_while_sending(&app, &texting, carrier.wait_taken(1)).await;
    app.advance(Duration::from_secs(181));
    let (first, second) = tokio::join!(
        reconcile::unknown_texts(&app.app, Duration::from_secs(5)),
        reconcile::unknown_texts(&app.app, Duration::from_secs(5))
    );
    assert_eq!(first.unwrap().found + second.unwrap().found, 1);
    assert_eq!(app.states().await, "SENT 0 1");
    assert_eq!(carrier.texts().len(), 1);
    let sid = app.value("SELECT service_id FROM message").await;
    assert_eq!(sid, carrier.texts()[0].sid);
}

/// The carrier shows the text with other quotes and dashes than it was given.
#[tokio::test]
async fn a_text_is_known_again_without_its_curly_quotes() {
    let (app, carrier) = app_with_carrier(&[]).await;
    carrier.set_plan(|plan| (plan.reports, plan.smart_encoding) = (false, true));
    let texting = app.texting(1).await;
    carrier.fault_next(Fault::HoldAfter);
    let text = "Hi Ana, it\u{2019}s \u{201c}the\u{201d} day \u{2013} vote\u{2026}";
    let (by, assignment, contact) = (texting.texter, texting.assignment, texting.contacts[0]);
    tokio::select! {
        answer = app.send_text(by, assignment, contact, text, true, None) => panic!("it came through: {answer:?}"),
        () = carrier.wait_taken(1) => {}
    }
    app.advance(Duration::from_secs(181));
    let round = reconcile::unknown_texts(&app.app, Duration::from_secs(5)).await;
    assert_eq!(round.unwrap().found, 1);
    assert_eq!(app.states().await, "SENT 0 1");
}

/// The report's address names the row: nobody needs to ask.
#[tokio::test]
async fn a_report_settles_a_text_whose_answer_was_lost() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(1).await;
    carrier.fault_next(Fault::HoldAfter);
    die_while_sending(&app, &texting, carrier.wait_taken(1)).await;
    carrier.wait_idle().await;
    assert_eq!(app.states().await, "DELIVERED 0 1");
    app.advance(Duration::from_mins(10));
    assert_eq!(
        reconcile::unknown_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap()
            .found,
        0
    );
    assert_eq!(carrier.texts().len(), 1);
}

#[tokio::test]
async fn the_database_dying_between_answer_and_outcome_loses_nothing() {
    let (app, carrier) = app_with_carrier(&[]).await;
    carrier.set_plan(|plan| plan.reports = false);
    let texting = app.texting(1).await;
    carrier.fault_next(Fault::HoldAfter);
    let die = async {
        carrier.wait_taken(1).await;
        let mut lock = app.app.db.begin().await.unwrap();
        sqlx::query("SELECT id FROM message FOR UPDATE")
            .fetch_all(&mut *lock)
            .await
            .unwrap();
        carrier.release();
        // The one that waits for the row is about to write the outcome.
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while app.value(kill).await == "0" {
            tokio::task::yield_now().await;
        }
        lock.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(app.send_first(&texting, texting.contacts[0]), die);
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
    assert_eq!(app.states().await, "SENDING 0 1");
    app.settle(&carrier).await;
    assert_eq!(app.states().await, "SENT 0 1");
    assert_eq!(carrier.texts().len(), 1);
}

#[tokio::test]
async fn whatever_goes_wrong_everybody_gets_one_text() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(24).await;
    let faults = [
        Fault::Fail,
        Fault::TakeAndFail,
        Fault::HangUp,
        Fault::LoseAnswer,
        Fault::Refuse { code: 20_429 },
        Fault::ReportFirst,
        Fault::Repeat { times: 3 },
        Fault::Reorder,
        Fault::Undelivered { code: 30_003 },
        Fault::Silent,
    ];
    for (contact, fault) in (1..=24).zip(faults.iter().cycle()) {
        let rule = Rule::of(fault.clone()).times(1);
        carrier.fault(rule.to(&format!("+1555{contact:07}")));
    }
    let sends = texting
        .contacts
        .iter()
        .map(|contact| app.send_first(&texting, *contact));
    for answer in futures::future::join_all(sends).await {
        assert_eq!(answer.code(), "OK");
    }
    carrier.wait_idle().await;
    app.settle(&carrier).await;
    let counts = counts(&carrier);
    assert_eq!(counts.len(), 24);
    for (number, count) in counts {
        // Undelivered the first time, for a phone that was off: the second one is the only one.
        let undelivered = carrier.texts().iter().any(|text| {
            text.to == number && text.error_code == Some(30_003) && text.status == "undelivered"
        });
        assert_eq!(count, 1 + usize::from(undelivered), "{number}");
    }
    let wrong = "SELECT count(*) FROM message WHERE send_status NOT IN ('SENT', 'DELIVERED')";
    assert_eq!(app.value(wrong).await, "0");
    let sent = "SELECT count(*) FROM campaign_contact WHERE messages_sent = 1 AND message_status = 'messaged'";
    assert_eq!(app.value(sent).await, "24");
}

#[tokio::test]
async fn an_outage_makes_texts_wait_and_texters_do_not_notice() {
    for outage in [Outage::Unavailable, Outage::HangUp] {
        let (app, carrier) = app_with_carrier(&[]).await;
        let texting = app.texting(8).await;
        carrier.set_outage(Some(outage));
        for contact in &texting.contacts {
            app.send_first(&texting, *contact).await.ok();
            assert_eq!(app.status(*contact).await, "messaged");
        }
        // After three failures nobody asks any more.
        let queued = "SELECT count(*) FROM message WHERE send_status = 'QUEUED'";
        assert_eq!(app.value(queued).await, "5");
        app.advance(Duration::from_secs(241));
        let still_down = reconcile::unknown_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap();
        // Nor does it help to ask about the others.
        assert_eq!((still_down.unclear, still_down.waiting), (1, 0));
        carrier.set_outage(None);
        app.settle(&carrier).await;
        assert_eq!(counts(&carrier).len(), 8);
        assert_eq!(carrier.texts().len(), 8);
    }
}

#[tokio::test]
async fn what_one_process_meets_of_an_outage_the_others_need_not_meet() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(8).await;
    let twin = app.twin(&carrier, &[]).await;
    let unheard = app.twin(&carrier, &[("REDIS_URL", "")]).await;
    carrier.set_outage(Some(Outage::Unavailable));
    let mut contacts = texting.contacts.iter();
    for process in [&app, &app, &app, &app, &twin] {
        let contact = *contacts.next().unwrap();
        process.send_first(&texting, contact).await.ok();
    }
    let contact = *contacts.next().unwrap();
    unheard.send_first(&texting, contact).await.ok();
    // The carrier was asked for three, by one process; one without the cache asks for itself. QUEUED: not asked for.
    let states = "SELECT string_agg(send_status, ' ' ORDER BY id) FROM message";
    assert_eq!(
        app.value(states).await,
        "SENDING SENDING SENDING QUEUED QUEUED SENDING"
    );
    // Five seconds later everybody tries again.
    carrier.set_outage(None);
    for process in [&app, &twin] {
        process.advance(Duration::from_secs(6));
    }
    let contact = *contacts.next().unwrap();
    twin.send_first(&texting, contact).await.ok();
    assert_eq!(carrier.texts().len(), 1);
}

#[tokio::test]
async fn a_carrier_nobody_reaches_makes_texts_wait_until_hours_end() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(2).await;
    carrier.stop();
    for contact in &texting.contacts {
        app.send_first(&texting, *contact).await.ok();
    }
    assert_eq!(app.states().await, "QUEUED 0 1, QUEUED 0 1");
    // Outages are nobody's attempts: only the end of texting hours gives these up.
    for _ in 0..8 {
        app.advance(Duration::from_mins(20));
        settle::waiting_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap();
    }
    let waiting = "SELECT count(*) FROM message WHERE send_status = 'QUEUED'";
    assert_eq!(app.value(waiting).await, "2");
    app.set_time("2026-11-04T02:00:01Z");
    let round = settle::waiting_texts(&app.app, Duration::from_secs(5)).await;
    assert_eq!(round.unwrap().given_up, 2);
}

#[tokio::test]
async fn codes_decide_what_becomes_of_a_text() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(6).await;
    let faults = [
        Fault::Refuse { code: 21_211 },
        Fault::Refuse { code: 21_610 },
        Fault::Refuse { code: 21_611 },
        Fault::Undelivered { code: 30_007 },
        Fault::Undelivered { code: 21_610 },
        Fault::Undelivered { code: 30_003 },
    ];
    for (contact, fault) in (1..).zip(faults) {
        carrier.fault(Rule::of(fault).to(&format!("+1555{contact:07}")));
    }
    for contact in &texting.contacts {
        app.send_first(&texting, *contact).await.ok();
    }
    carrier.wait_idle().await;
    assert_eq!(
        app.states().await,
        "ERROR 21211 1, ERROR 21610 1, QUEUED 21611 1, ERROR 30007 1, ERROR 21610 1, QUEUED 30003 2"
    );
    let opted_out = "SELECT string_agg(cell, ' ' ORDER BY cell) FROM opt_out";
    assert_eq!(app.value(opted_out).await, "+15550000002 +15550000005");
    // What failed stands on the contact, what waits does not, and the campaign counts it.
    let codes = app.codes_of(&texting).await;
    assert_eq!(codes, json!([21_211, 21_610, null, 30_007, 21_610, null]));
    let query = "query ($id: String!) { campaign(id: $id) { stats { errorCount } } }";
    let campaign = json!({"id": texting.campaign.to_string()});
    let supervisor = app.member(texting.organization, "SUPERVOLUNTEER").await;
    let answer = app.graphql(Some(supervisor), query, campaign).await;
    assert_eq!(answer.ok()["campaign"]["stats"]["errorCount"], 4);
    // Tried again with pauses, and then given up.
    for _ in 0..6 {
        app.advance(Duration::from_secs(481));
        settle::waiting_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap();
        carrier.wait_idle().await;
    }
    let states = app.states().await;
    assert!(states.contains("ERROR 21611 5"), "{states}");
    assert!(states.ends_with("ERROR 30003 5"), "{states}");
    let codes = app.codes_of(&texting).await;
    assert_eq!(
        codes,
        json!([21_211, 21_610, 21_611, 30_007, 21_610, 30_003])
    );
}

/// The carrier says that somebody has opted out, and the database dies before the text is settled.
#[tokio::test]
async fn an_opt_out_the_carrier_tells_of_is_not_lost() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(1).await;
    carrier.fault(Rule::of(Fault::Refuse { code: 21_610 }));
    app.sql(
        "CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'gone'; END $$;
         CREATE TRIGGER dies BEFORE UPDATE ON message FOR EACH ROW WHEN (NEW.send_status = 'ERROR')
             EXECUTE FUNCTION dies()",
    )
    .await;
    app.send_first(&texting, texting.contacts[0]).await;
    assert_eq!(app.states().await, "SENDING 0 1");
    app.sql("DROP TRIGGER dies ON message").await;
    // The carrier does not have it, is asked once more, and says the same.
    for time in [181, 61] {
        app.advance(Duration::from_secs(time));
        reconcile::unknown_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap();
        settle::waiting_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap();
    }
    assert_eq!(app.states().await, "ERROR 21610 2");
    assert_eq!(app.count("opt_out").await, 1);
}

#[tokio::test]
async fn what_is_handed_over_is_what_the_rules_say() {
    let (app, carrier) = app_with_carrier(&[("OVERRIDE_RECIPIENT", "+12125550100")]).await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let text = &carrier.texts()[0];
    assert_eq!(
        (text.to.as_str(), text.body.as_str(), text.validity),
        ("+12125550100", "[+15550000001] Hi Ana", Some(14_400))
    );
    carrier.wait_idle().await;
    assert_eq!(app.states().await, "DELIVERED 0 1");
    // Their answer finds who was meant.
    assert!(
        carrier
            .reply("+12125550100", &text.service, "[+15550000001] Hello")
            .await
    );
    assert_eq!(app.status(texting.contacts[0]).await, "needsResponse");
}

/// A process that was frozen between the row and the call must not send what others have settled.
#[tokio::test]
async fn a_text_that_stood_still_is_not_handed_over() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let outgoing = spoke::sms::Outgoing {
        to: "+15550000001".to_owned(),
        body: "Hi".to_owned(),
        service: "twilio".to_owned(),
        messaging_service_sid: Some("MG".to_owned()),
        send_before: None,
        message_id: 1,
        attempt: 1,
        taken_up_at: app.now() - chrono::TimeDelta::seconds(61),
    };
    let outcome = spoke::sms::send(&app.app, &outgoing).await;
    assert!(matches!(outcome, spoke::sms::Outcome::Unknown { .. }));
    assert!(carrier.asked().is_empty());
}
