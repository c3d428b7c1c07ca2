#pragma once

#include "check/facts.hpp"
#include "check/marks.hpp"

/// The relations between what was sent and what a HAR lists of it, piece by piece.
namespace har::check {

/// query-url: the URL's query and queryString.
void check_query(const Facts& facts, Marks& marks);
/// cookie-header: Cookie and Set-Cookie headers and cookies.
void check_cookies(const Facts& facts, Marks& marks);
/// redirect-location: the Location header and redirectURL.
void check_redirect(const Facts& facts, Marks& marks);
/// post-disagree: params and text of a form.
void check_form(const Facts& facts, Marks& marks);

}  // namespace har::check
